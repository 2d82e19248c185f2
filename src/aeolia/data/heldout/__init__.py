"""Sets that models are judged by, from recordings whose split is "valid"; fixed by their seeds.

They use no mixer, so that neither a change nor an error there can move a benchmark.
"""
