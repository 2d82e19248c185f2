"""Sets that models are judged by, from recordings that training held out; fixed by their seeds.

    denoise.draw(data, split, clips=...)       set -> pairs of noisy speech and its reference
    separate.draw(data, split, clips=...)      set -> mixtures and their sources
    synth.draw(data, split, config=...)        notes that were learned, and those that were not

`split` is "report" for figures that are published, and "choose" for comparing candidates; no set
holds anything of both. They use no mixer, so that neither a change nor an error there can move a
benchmark.
"""
