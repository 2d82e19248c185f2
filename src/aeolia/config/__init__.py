"""Everything that decides a model's structure, as strict JSON."""

from aeolia.config.spectral import DenoiseConfig, SeparateConfig, SpectralConfig
from aeolia.config.strict import config_from_dict, config_from_json, config_to_json
from aeolia.config.synth import SynthConfig
from aeolia.config.tasks import CONFIG_OF_TASK, AnyConfig, read_config

__all__ = [
    "CONFIG_OF_TASK",
    "AnyConfig",
    "DenoiseConfig",
    "SeparateConfig",
    "SpectralConfig",
    "SynthConfig",
    "config_from_dict",
    "config_from_json",
    "config_to_json",
    "read_config",
]
