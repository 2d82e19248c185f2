"""The config class of each task, and reading a config whose task is not known beforehand."""

from __future__ import annotations

from aeolia.config.earlier import renewed
from aeolia.config.spectral import DenoiseConfig, SeparateConfig
from aeolia.config.strict import config_from_dict, read_object
from aeolia.config.synth import SynthConfig
from aeolia.errors import ConfigError

__all__ = ["CONFIG_OF_TASK", "AnyConfig", "read_config"]

AnyConfig = DenoiseConfig | SeparateConfig | SynthConfig

#: Config classes by the value of their key "task".
CONFIG_OF_TASK: dict[str, type[AnyConfig]] = {
    "denoise": DenoiseConfig,
    "separate": SeparateConfig,
    "synth": SynthConfig,
}


def read_config(text: str) -> AnyConfig:
    """The config in strict JSON `text`, of the class that its key "task" names.

    Takes what earlier versions wrote, too (`aeolia.config.earlier`).

    Raises:
        ConfigError: not JSON, an unknown task, an unknown key, or a value that cannot be.
    """
    values = renewed(read_object(text, "the configuration"))
    task = values.get("task", "denoise")
    if not isinstance(task, str) or task not in CONFIG_OF_TASK:
        raise ConfigError(
            f"the configuration's task is {task!r}; it must be one of {', '.join(CONFIG_OF_TASK)}"
        )
    return config_from_dict(CONFIG_OF_TASK[task], values)
