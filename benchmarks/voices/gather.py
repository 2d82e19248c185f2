"""`python -m benchmarks.voices.gather`: lists recordings of special voices and of languages.

    python -m benchmarks.voices.gather DATA --emodb DIR --oceans DIR --songs DIR --prompts DIR ...

writes DATA/voices.csv beside the manifest of what denoisers were trained on, a row a recording:
path, set (acted, children, sung, music, language), speaker, language, split, licence. What is not
given is left out. Where the recordings are from stands in benchmarks/README.md. None of them is one
that training read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aeolia.data.corpus.manifest import read_manifest
from aeolia.errors import DataError
from aeolia.files import write_atomically

__all__ = ["COLUMNS", "main"]

COLUMNS = ("path", "set", "speaker", "language", "split", "licence")
Row = tuple[str, ...]

#: Berlin Database of Emotional Speech: five of its ten actors to choose by, five to report on.
_ACTORS = {
    "choose": ("03", "08", "11", "13", "15"),
    "report": ("09", "10", "12", "14", "16"),
}
#: Sixth letter of its names: anger, fear, happiness, sadness.
_STRONG, _NEUTRAL = "WAFT", "N"
#: Older ones are grown up here.
_OLDEST_CHILD = 12
#: Songs that no denoiser learnt from; the separators held out the second.
_SONGS = {"3_sodium": "choose", "4_potassium": "report"}
#: Folder of voice prompts -> language. None of them was trained on.
_PROMPTS = {
    "asterisk/sounds/es_MX_f_Allison": "Spanish",
    "asterisk/sounds/it_IT_m_Carlo": "Italian",
    "asterisk/sounds/ru_RU_f_IvrvoiceRU": "Russian",
    "ktuberling/sounds/ca": "Catalan",
    "ktuberling/sounds/da": "Danish",
    "ktuberling/sounds/fr": "French",
    "ktuberling/sounds/lt": "Lithuanian",
    "ktuberling/sounds/nn": "Norwegian",
    "ktuberling/sounds/uk": "Ukrainian",
}
_CHOSEN_BY = ("Catalan", "Lithuanian")
_SOUNDS = (".ogg", ".wav", ".flac", ".g722", ".opus")

Folder = Annotated[Path | None, typer.Option(exists=True, file_okay=False)]


def _acted(folder: Path) -> Iterator[Row]:
    for split, actors in _ACTORS.items():
        for path in sorted(folder.rglob("*.wav")):
            if path.name[:2] in actors:
                row = (f"emodb/{path.name[:2]}", "German", split, "free for research (see source)")
                if path.name[5] in _STRONG:
                    yield (str(path), "acted", *row)
                elif path.name[5] == _NEUTRAL:
                    yield (str(path), "language", *row)


def _of_the_manifest(manifest: Path, oceans: Path | None) -> Iterator[Row]:
    """Children, and the two kinds of English, of the manifest's held-out speakers."""
    ages: dict[str, str] = {}
    for path in sorted(oceans.rglob("spk2age")) if oceans else ():
        for name, age in map(str.split, path.read_text().splitlines()):
            ages[name] = age
    for row in read_manifest(manifest):
        if row.kind != "speech" or row.split not in ("choose", "report"):
            continue
        speaker = (row.label, "English", row.split, row.licence)
        if row.source == "librispeech":
            yield (row.path, "language", *speaker)
        years = int(ages.get(row.label.rpartition("/")[2], 0))
        if row.source == "speechocean762" and years:
            if years <= _OLDEST_CHILD:
                yield (row.path, "children", *speaker)
            else:
                yield (row.path, "language", row.label, "English of China", *speaker[2:])


def _sung(folder: Path) -> Iterator[Row]:
    for song, split in _SONGS.items():
        for path in sorted((folder / song).glob("vocals.*")):
            yield (str(path), "sung", song, "English", split, "CC0")
        for path in sorted((folder / song).glob("*")):
            if path.suffix in _SOUNDS and path.stem != "vocals":
                yield (str(path), "music", song, "", split, "CC0")


def _prompts(folder: Path) -> Iterator[Row]:
    for below, language in _PROMPTS.items():
        split = "choose" if language in _CHOSEN_BY else "report"
        licence = "GPL" if "ktuberling" in below else "CC BY-SA 3.0"
        for path in sorted(folder.rglob(f"{below}/*")):
            # Words and sentences alone: not silence, tones or single letters.
            if path.suffix in _SOUNDS and not re.search("silence|beep|tone|ring", path.name):
                yield (str(path), "language", below, language, split, licence)


def _pao(folder: Path) -> Iterator[Row]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in _SOUNDS:
            yield (str(path), "language", "pao", "Pa'O", "report", "CC0")


def main(
    data: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    emodb: Folder = None,
    oceans: Folder = None,
    songs: Folder = None,
    prompts: Folder = None,
    pao: Folder = None,
) -> None:
    """Write DATA/voices.csv."""
    rows = list(_of_the_manifest(data / "manifest.csv", oceans))
    for folder, found in ((emodb, _acted), (songs, _sung), (prompts, _prompts), (pao, _pao)):
        if folder is not None:
            rows += found(folder)
    if not rows:
        raise DataError(f"no special voices were found for {data}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *rows])
    write_atomically(data / "voices.csv", text.getvalue())


if __name__ == "__main__":
    typer.run(main)
