"""Sets that models are judged by, from recordings that training held out; fixed by their seeds.

They use no mixer, so that neither a change nor an error there can move a benchmark.
"""
