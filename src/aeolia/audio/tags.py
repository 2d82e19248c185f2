"""Tags and pictures through mutagen, from one format's kind of them to another's.

Between files of one kind (ID3 of MP3, AIFF and WAV; Vorbis comments of FLAC, Ogg and Opus) all goes
along as it is; between kinds what both know: names below, own ones, and pictures.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from aeolia.errors import MissingExtraError

__all__ = ["carry_tags"]

#: ID3 frames and MP4 atoms -> the name in Vorbis comments (xiph.org, and what players write).
_ID3 = {
    "TIT1": "GROUPING",
    "TIT2": "TITLE",
    "TIT3": "SUBTITLE",
    "TPE1": "ARTIST",
    "TPE2": "ALBUMARTIST",
    "TPE3": "CONDUCTOR",
    "TALB": "ALBUM",
    "TCOM": "COMPOSER",
    "TEXT": "LYRICIST",
    "TDRC": "DATE",
    "TRCK": "TRACKNUMBER",
    "TPOS": "DISCNUMBER",
    "TCON": "GENRE",
    "TCOP": "COPYRIGHT",
    "TSRC": "ISRC",
    "TPUB": "ORGANIZATION",
    "TBPM": "BPM",
    "TLAN": "LANGUAGE",
    "TSOP": "ARTISTSORT",
    "TSOT": "TITLESORT",
}
_MP4 = {
    "\xa9nam": "TITLE",
    "\xa9ART": "ARTIST",
    "aART": "ALBUMARTIST",
    "\xa9alb": "ALBUM",
    "\xa9wrt": "COMPOSER",
    "\xa9day": "DATE",
    "\xa9gen": "GENRE",
    "\xa9cmt": "COMMENT",
    "\xa9lyr": "LYRICS",
    "\xa9grp": "GROUPING",
    "cprt": "COPYRIGHT",
}
#: Told of the old file's encoder.
_NOT_CARRIED = ("ENCODER", "ENCODED_BY", "METADATA_BLOCK_PICTURE", "COVERART")
_PICTURE = "METADATA_BLOCK_PICTURE"


def carry_tags(source: Path, target: Path) -> bool:
    """Give `target` the tags and pictures of `source`; returns whether there were any.

    Raises:
        MissingExtraError: mutagen is not installed.
    """
    try:
        import mutagen
    except ImportError as error:
        raise MissingExtraError(
            "pictures and further tags were not carried; pip install 'aeolia[media]' for that"
        ) from error
    with source.open("rb") as file:
        start = file.read(12)
    if start[:4] == b"RIFF" and start[8:] != b"WAVE":
        return False  # such as AVI, which mutagen takes for a WAV
    old = mutagen.File(source)
    if old is None or not old.tags:
        return False
    new = mutagen.File(target)
    if new is None:
        return False
    if _is_id3(old):
        _mend(old.tags)
    if new.tags is None:
        new.add_tags()
    new.tags.clear()  # libsndfile's own, of which all come again
    if _is_id3(old) and _is_id3(new):
        for frame in old.tags.values():
            if frame.FrameID not in ("TSSE", "TENC"):
                new.tags.add(frame)
    else:
        texts, pictures = _read(old)
        (_write_id3 if _is_id3(new) else _write_comments)(new, texts, pictures)
    new.save()
    return True


def _mend(tags: Any) -> None:
    """UTF-8 that is labelled Latin-1, as libsndfile writes it into MP3s, gets its name."""
    for frame in tags.values():
        if getattr(frame, "encoding", None) != 0 or not isinstance(
            getattr(frame, "text", None), list
        ):
            continue
        try:
            texts = [str(text).encode("latin-1").decode() for text in frame.text]
        except UnicodeError:
            continue  # Latin-1 indeed: what is valid as both has no letters beyond ASCII
        if texts != [str(text) for text in frame.text]:
            frame.encoding, frame.text = 3, texts


def _is_id3(file: Any) -> bool:
    from mutagen.id3 import ID3

    return isinstance(file.tags, ID3)


def _read(file: Any) -> tuple[dict[str, list[str]], list[Any]]:
    """Texts by their name in Vorbis comments, and pictures as FLAC has them."""
    from mutagen.flac import Picture

    texts: dict[str, list[str]] = {}
    pictures = list(getattr(file, "pictures", []))
    if _is_id3(file):
        return _read_id3(file.tags)
    for key, value in file.tags.items():
        values = value if isinstance(value, list) else [value]
        name = _MP4.get(key, key.rsplit(":", 1)[-1]).upper()
        if key == "covr":
            pictures += [_picture(bytes(data), "image/jpeg") for data in values]
        elif name == _PICTURE:
            pictures += [Picture(base64.b64decode(data)) for data in values]
        elif key in ("trkn", "disk"):
            name = "TRACKNUMBER" if key == "trkn" else "DISCNUMBER"
            texts[name] = [str(number) for number, _ in values]
        elif name not in _NOT_CARRIED and all(isinstance(item, (str, bytes)) for item in values):
            texts.setdefault(name, []).extend(
                item.decode(errors="replace") if isinstance(item, bytes) else str(item)
                for item in values
            )
    return texts, pictures


def _read_id3(tags: Any) -> tuple[dict[str, list[str]], list[Any]]:
    texts: dict[str, list[str]] = {}
    pictures = []
    for frame in tags.values():
        name = _ID3.get(frame.FrameID, "")
        if frame.FrameID == "APIC":
            pictures.append(_picture(frame.data, frame.mime, frame.type, frame.desc))
        elif frame.FrameID == "TXXX":
            name = frame.desc.upper()
        elif frame.FrameID == "COMM" and not frame.desc.startswith("ID3v1"):
            name = "COMMENT"
        elif frame.FrameID == "USLT":
            texts.setdefault("LYRICS", []).append(frame.text)
        if name and name not in _NOT_CARRIED:
            texts.setdefault(name, []).extend(str(text) for text in frame.text)
    return texts, pictures


def _picture(data: bytes, mime: str, kind: int = 3, words: str = "") -> Any:
    from mutagen.flac import Picture

    picture = Picture()
    picture.data, picture.type, picture.desc = data, kind, words
    picture.mime = "image/png" if data.startswith(b"\x89PNG") else mime
    return picture


def _write_comments(file: Any, texts: dict[str, list[str]], pictures: list[Any]) -> None:
    for name, values in texts.items():
        file.tags[name] = values
    if hasattr(file, "add_picture"):
        for picture in pictures:
            file.add_picture(picture)
    elif pictures:
        file.tags[_PICTURE] = [base64.b64encode(each.write()).decode() for each in pictures]


def _write_id3(file: Any, texts: dict[str, list[str]], pictures: list[Any]) -> None:
    from mutagen import id3

    frames = {name: frame for frame, name in _ID3.items()}
    for name, values in texts.items():
        if name in frames:
            file.tags.add(getattr(id3, frames[name])(encoding=3, text=values))
        elif name == "COMMENT":
            file.tags.add(id3.COMM(encoding=3, lang="XXX", desc="", text=values))
        elif name == "LYRICS":
            file.tags.add(id3.USLT(encoding=3, lang="XXX", desc="", text="\n".join(values)))
        else:
            file.tags.add(id3.TXXX(encoding=3, desc=name, text=values))
    for number, each in enumerate(pictures):
        words = each.desc or (str(number) if number else "")
        file.tags.add(
            id3.APIC(encoding=3, mime=each.mime, type=each.type, desc=words, data=each.data)
        )
