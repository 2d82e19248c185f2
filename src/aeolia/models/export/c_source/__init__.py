"""A denoiser as C99 without any library, and a LADSPA plug-in around it.

The step of a released file, whose sizes are fixed to one hop, becomes plain loops: `fixed_graph`
computes what is constant, `operators` turns the rest into statements of a `program` over `views`,
and `source` puts them between hand-written parts, the `templates`. PyTorch is not needed.
"""
