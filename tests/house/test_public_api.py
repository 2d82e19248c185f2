"""The public names exist, are documented, and are the ones listed; so in every module."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import aeolia
from aeolia import errors

PACKAGE = Path(__file__).parents[2] / "src" / "aeolia"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))

#: A name taken away or renamed breaks somebody's program: change this list on purpose only.
PUBLIC = {
    "AeoliaError",
    "AudioFileError",
    "ConfigError",
    "DataError",
    "Decode",
    "Denoise",
    "Encode",
    "Encoding",
    "EncodingReport",
    "ExportSfz",
    "FileOptions",
    "FileReport",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "ModelInfo",
    "Morph",
    "MorphReport",
    "NoteReport",
    "Operation",
    "OutputReport",
    "PlayNote",
    "PlayScore",
    "Report",
    "ScoreReport",
    "Separate",
    "SeparationReport",
    "SfzReport",
    "Shift",
    "ShiftReport",
    "Stream",
    "TrainingError",
    "TrainingStoppedError",
    "Transfer",
    "TransferReport",
    "Voice",
    "__version__",
    "decode",
    "denoise",
    "denoise_file",
    "describe_model",
    "encode",
    "enrol",
    "export_sfz",
    "instruments",
    "load",
    "morph",
    "operation_from_json",
    "play_score",
    "play_score_file",
    "released_models",
    "separate",
    "separate_file",
    "shift",
    "shift_file",
    "synthesise",
    "transfer",
    "transfer_file",
}


def test_public_names_are_the_listed_ones() -> None:
    assert set(aeolia.__all__) == PUBLIC
    assert set(dir(aeolia)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_public_names_exist_and_are_documented(name: str) -> None:
    value = getattr(aeolia, name)
    assert callable(value)
    assert inspect.getdoc(value), f"{name} has no docstring"
    if inspect.isfunction(value):
        missing = [
            parameter.name
            for parameter in inspect.signature(value).parameters.values()
            if parameter.annotation is inspect.Parameter.empty
        ]
        assert not missing, f"{name}: no type for {missing}"


def test_type_checkers_see_the_same_names() -> None:
    (block,) = (
        node
        for node in ast.parse((PACKAGE / "__init__.py").read_text()).body
        if isinstance(node, ast.If)
    )
    seen = {
        alias.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == aeolia._MODULES


def test_a_star_imports_them() -> None:
    names: dict[str, object] = {}
    exec("from aeolia import *", names)
    assert set(names) - {"__builtins__"} == PUBLIC


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="denoize"):
        aeolia.denoize  # noqa: B018


def test_public_errors_are_the_whole_tree() -> None:
    public = {name for name in PUBLIC if name.endswith("Error")}
    assert public == set(errors.__all__)
    for name in public:
        error = getattr(aeolia, name)
        assert error is getattr(errors, name)
        assert issubclass(error, aeolia.AeoliaError)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, aeolia; print({'numpy', 'onnxruntime', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
    )
    assert done.stdout.strip() == "set()", done.stderr


def listed_names(tree: ast.Module) -> list[str] | None:
    """What `__all__` of a module holds."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_says_what_it_offers(module: Path) -> None:
    tree = ast.parse((PACKAGE / module).read_text())
    assert ast.get_docstring(tree), f"{module} has no docstring"
    if module == Path("__init__.py"):  # its names are those of the first test
        return
    names = listed_names(tree)
    empty = all(isinstance(node, (ast.Expr, ast.ImportFrom)) for node in tree.body)
    if module.name == "__main__.py" or (module.name == "__init__.py" and empty):
        return
    assert names is not None, f"{module} has no __all__"
    assert names == sorted(set(names), key=names.index), f"{module}: a name twice in __all__"
    defined = {node.name: node for node in tree.body if hasattr(node, "name")}
    for name in names:
        if name in defined:
            assert ast.get_docstring(defined[name]), f"{module}: {name} has no docstring"
