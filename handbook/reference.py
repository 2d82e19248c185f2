"""What the package says of itself, as Markdown: public names, commands, errors, models' cards."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import aeolia

__all__ = ["api", "commands", "errors", "models"]

#: Groups of public names, in both languages. Reports and errors are told by their bases.
GROUPS: dict[tuple[str, str], str] = {
    ("Denoise", "降噪"): "denoise denoise_file Denoise",
    ("Separate", "分离"): "separate separate_file Separate enrol Voice",
    ("Synthesise", "合成"): (
        "synthesise PlayNote play_score play_score_file PlayScore export_sfz ExportSfz instruments"
    ),
    ("Reshape", "变换"): (
        "transfer transfer_file Transfer shift shift_file Shift morph Morph "
        "encode Encode decode Decode Encoding"
    ),
    ("Live", "实时"): "Stream",
    ("Models", "模型"): "load released_models describe_model ModelInfo",
    ("Operations and files", "操作与文件"): "Operation operation_from_json FileOptions",
    ("Reports", "报告"): (
        "Report FileReport OutputReport SeparationReport EncodingReport MorphReport NoteReport "
        "ScoreReport SfzReport ShiftReport TransferReport"
    ),
}
_SECTIONS = {
    "Args": ("Arguments", "参数"),
    "Returns": ("Returns", "返回"),
    "Raises": ("Raises", "异常"),
    "Yields": ("Yields", "产出"),
}


def api(language: str) -> str:
    """Every public name but errors: its signature and what its docstring says."""
    parts = []
    for titles, names in GROUPS.items():
        parts.append(f"## {_in(language, *titles)}")
        parts += [_entry(name, getattr(aeolia, name), language) for name in names.split()]
    return "\n\n".join(parts)


def _entry(name: str, thing: Any, language: str) -> str:
    signatures = "\n\n".join(_signature(name, form) for form in _forms(thing))
    parts = [f"### aeolia.{name} {{ #aeolia.{name} }}", _code(signatures)]
    parts.append(_docstring(thing, language))
    if inspect.isclass(thing):
        for method, function in _methods(thing):
            heading = f"`{name}.{method}{_parameters(function)}`" if callable(function) else ""
            parts.append(f"**{heading or f'`{name}.{method}`'}**")
            parts.append(textwrap.indent(_docstring(function, language), ""))
    return "\n\n".join(part for part in parts if part)


def _forms(thing: Any) -> list[Any]:
    """What is called under the name: mostly the thing itself.

    `Stream` makes streams of a class of their own for each task, and these have the arguments.
    """
    hidden = [one for one in getattr(thing, "__subclasses__", list)() if one.__name__[0] == "_"]
    return [one.__init__ for one in hidden] or [thing]


def _methods(thing: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties with a docstring, of the class and its bases in the package."""
    seen = set()
    for base in thing.__mro__:
        if not base.__module__.startswith("aeolia"):
            continue
        for name, value in vars(base).items():
            function = getattr(value, "__func__", value)  # class and static methods
            if name.startswith("_") or name in seen or isinstance(value, type):
                continue
            documented = inspect.isfunction(function) or isinstance(value, property)
            if documented and inspect.getdoc(function):
                seen.add(name)
                yield name, function


def _signature(name: str, thing: Any) -> str:
    text = f"aeolia.{name}{_parameters(thing)}"
    if len(text) <= 88:
        return text
    # A parameter a line.
    inner, tail = text[text.index("(") + 1 :].rsplit(")", 1)
    pieces = re.split(r", (?![^\[]*\])", inner)
    return f"aeolia.{name}(\n    " + ",\n    ".join(pieces) + f",\n){tail}"


def _parameters(thing: Any) -> str:
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    hidden = ("self", "unread")  # what is not for this task is refused
    kept = [parameter for name, parameter in found.parameters.items() if name not in hidden]
    # Annotations are text here; as text they would be shown in quotes.
    # Defaults that are long values are named by their class.
    shown = re.sub(r"= (FileOptions)\([^)]*\)", r"= \1()", str(found.replace(parameters=kept)))
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", shown).removesuffix(" -> None")


def _docstring(thing: Any, language: str) -> str:
    """A docstring as Markdown: its prose, and lists for its sections."""
    parts, lines = [], (inspect.getdoc(thing) or "").splitlines()
    prose: list[str] = []
    while lines:
        line = lines.pop(0)
        title = line.removesuffix(":")
        if line == f"{title}:" and title in _SECTIONS:
            body = []
            while lines and (not lines[0] or lines[0].startswith(" ")):
                body.append(lines.pop(0))
            parts += [_prose(prose), f"*{_in(language, *_SECTIONS[title])}*", _items(body)]
            prose = []
        else:
            prose.append(line)
    parts.append(_prose(prose))
    return "\n\n".join(part for part in parts if part)


def _prose(lines: list[str]) -> str:
    """Paragraphs as they are; examples of Python and what is indented are code."""
    text = "\n".join(lines).strip("\n")
    if not text.startswith("    "):
        prose, prompt, examples = text.partition(">>> ")
        text = re.sub(r"(?m)^(?=    \S)", "    ", prose) + prompt + examples
    return re.sub(r"(?ms)^>>> .*?(?=\n\n|\Z)", r"```pycon\n\g<0>\n```", text)


def _items(body: list[str]) -> str:
    """`name: what it is` lines of a section as a list; others as a paragraph."""
    text = textwrap.dedent("\n".join(body)).strip("\n")
    entries = re.split(r"\n(?=\S)", text)
    named = [re.match(r"([\w, *]+): (.*)", entry, re.DOTALL) for entry in entries]
    if not all(named):
        return " ".join(text.split())
    return "\n".join(
        f"- `{found[1]}`: {' '.join(found[2].split())}" for found in named if found is not None
    )


def commands(language: str) -> str:
    """Every command of the shell with its help, arguments and options."""
    import typer

    from aeolia.cli import app

    return "\n\n".join(_command(typer.main.get_command(app), "aeolia", language))


def _command(command: Any, path: str, language: str) -> Iterator[str]:
    yield f"## {path} {{ #{path.replace(' ', '-')} }}"
    yield _help(command.help or "")
    rows = []
    for parameter in command.params:
        names = ", ".join([*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument":
            names = (parameter.metavar or parameter.name.upper()).strip("{}[]")
        told = " ".join((getattr(parameter, "help", "") or "").split())
        rows.append(f"| `{names}` | {_cell(told)} |")
    if rows:
        yield f"| {_in(language, 'option', '选项')} | |\n|---|---|\n" + "\n".join(rows)
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        if not inner.hidden:
            yield from _command(inner, f"{path} {name}", language)


def _help(text: str) -> str:
    """Help as Markdown: lines of commands become blocks of code."""
    paragraphs = []
    for paragraph in inspect.cleandoc(text.replace("\b\n", "").replace("\b", "")).split("\n\n"):
        lines = paragraph.splitlines()
        if len(lines) > 1 and all(line.startswith(" ") for line in lines[1:]):
            if not lines[0].startswith((" ", "aeolia ")):  # such as "Examples:"
                paragraphs.append(_cell(lines.pop(0), table=False))
            paragraphs.append(f"```sh\n{textwrap.dedent(chr(10).join(lines))}\n```")
        elif lines and all(line.startswith((" ", "aeolia ")) for line in lines):
            paragraphs.append(f"```sh\n{textwrap.dedent(paragraph)}\n```")
        else:
            paragraphs.append(_cell(paragraph, table=False))
    return "\n\n".join(paragraphs)


def _cell(text: str, *, table: bool = True) -> str:
    """Text that Markdown would otherwise read as markup."""
    text = re.sub(r"([<>{}*_\[\]])(?![^`]*`(?:[^`]*`[^`]*`)*[^`]*$)", r"\\\1", text)
    return text.replace("|", "\\|") if table else text


def errors(language: str) -> str:
    """The tree of errors, and what each is for."""
    from aeolia import errors as module

    text = inspect.getdoc(module) or ""
    drawing = textwrap.dedent("\n".join(re.findall(r"^    .*$", text, re.MULTILINE)))
    parts = [f"```text\n{drawing}\n```"]
    for name in module.__all__:
        thing = getattr(module, name)
        bases = ", ".join(f"`{base.__name__}`" for base in thing.__bases__)
        parts.append(f"### aeolia.{name} {{ #aeolia.{name} }}\n\n{bases}\n")
        parts.append(_docstring(thing, language))
    return "\n\n".join(parts)


def models(language: str) -> str:
    """The cards of the models inside, each with what it makes of an example."""
    from handbook.gallery import EXAMPLES, player

    parts = []
    for name in aeolia.released_models():
        info = aeolia.describe_model(name)
        card = re.sub(r"^(#+) ", r"#\1 ", info.card.strip(), flags=re.MULTILINE)
        # The cards name files of the repository, which are no pages here.
        card = re.sub(r"\[([^\]]*)\]\((?![a-z]+:)[^)]*\)", r"\1", card)
        heading, _, rest = card.partition("\n")
        facts = f"{info.task}, {info.sample_rate} Hz, {info.bytes / 1e6:.1f} MB"
        if info.latency_ms is not None:
            facts += f", {info.latency_ms:.0f} ms"
        parts += [f"{heading} {{ #{name} }}", facts]
        parts += [player(example, language, 2) for example in EXAMPLES.get(name, ())]
        parts.append(rest.strip())
    return "\n\n".join(parts)


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _in(language: str, english: str, chinese: str) -> str:
    return chinese if language == "zh" else english
