"""The machine's microphone, denoised: a source of sound that any program can choose (Linux).

    microphone -> parec -> denoiser -> pacat -> null sink -> its monitor, remapped: "aeolia"

Through PulseAudio's protocol and its own programs, which PipeWire's server answers as well.

    pulse      what the sound server has, and processes that record and play
    settings   what is wanted, and how it goes: two small files
    engine     the loop between the two processes, until it is told to end
    service    starting the engine behind systemd or by itself, and ending it
    trial      a recording before and after
"""
