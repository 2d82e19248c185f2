"""The config class of each task, and reading a config whose task is not known beforehand."""

from __future__ import annotations

import json

from aeolia.config.model import ModelConfig
from aeolia.config.strict import config_from_dict
from aeolia.config.synth import SynthConfig
from aeolia.errors import ConfigError

__all__ = ["CONFIG_OF_TASK", "AnyConfig", "read_config"]

AnyConfig = ModelConfig | SynthConfig

#: Config classes by the value of their key "task".
CONFIG_OF_TASK: dict[str, type[ModelConfig] | type[SynthConfig]] = {
    "denoise": ModelConfig,
    "separate": ModelConfig,
    "synthesise": SynthConfig,
}


def read_config(text: str) -> AnyConfig:
    """The config in strict JSON `text`, of the class that its key "task" names.

    Raises:
        ConfigError: not JSON, an unknown task, an unknown key, or a value that cannot be.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"the configuration is not valid JSON: {error}") from error
    task = values.get("task", "denoise") if isinstance(values, dict) else None
    if task not in CONFIG_OF_TASK:
        raise ConfigError(
            f"the configuration's task is {task!r}; it must be one of {', '.join(CONFIG_OF_TASK)}"
        )
    return config_from_dict(CONFIG_OF_TASK[task], values)
