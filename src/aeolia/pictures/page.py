"""One HTML page with tables, audio players and spectrogram pictures, nothing outside it.

Audio is embedded as FLAC and pictures as PNG, so the file can be sent and opened anywhere,
offline too. The few lines of script only pause one player when another of the clip starts, and
carry its position over: one listens to the same word before and after.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from aeolia.audio.mono import mono
from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_png
from aeolia.pictures.table import Table

__all__ = ["MOST_SECONDS", "Clip", "Gallery", "Version", "render_page"]

#: Players and pictures show at most this much of a clip.
MOST_SECONDS = 20.0
_WIDTH, _HEIGHT = 640, 240
_RANGE_DB = 80.0


@dataclass(frozen=True)
class Version:
    """One way a clip sounds: as it came, denoised, or clean."""

    label: str
    #: [T] or [T, C].
    audio: np.ndarray


@dataclass(frozen=True)
class Clip:
    """A clip with its versions side by side."""

    title: str
    caption: str
    sample_rate: int
    versions: tuple[Version, ...]


@dataclass(frozen=True)
class Gallery:
    """Clips under one heading."""

    title: str
    note: str
    clips: tuple[Clip, ...]


def render_page(
    title: str,
    introduction: str,
    tables: Sequence[Table] = (),
    galleries: Sequence[Gallery] = (),
    appendix: Sequence[Table] = (),
    *,
    frequency: str = "linear",
) -> str:
    """The page as HTML text.

    Args:
        title: heading.
        introduction: one plain paragraph.
        tables: shown first.
        galleries: clips with players and pictures.
        appendix: long tables, folded away at the end.
        frequency: axis of the pictures, "linear" or "log".
    """
    parts = [f"<h1>{_text(title)}</h1>", f"<p>{_text(introduction)}</p>"]
    parts += [_table(table) for table in tables]
    for gallery in galleries:
        parts.append(f"<h2>{_text(gallery.title)}</h2>")
        if gallery.note:
            parts.append(f"<p class=note>{_text(gallery.note)}</p>")
        parts += [_clip(clip, frequency) for clip in gallery.clips]
    for table in appendix:
        summary = f"<summary>{_text(table.title)} ({len(table.rows)} rows)</summary>"
        parts.append(f"<details>{summary}{_table(table, heading=False)}</details>")
    return _PAGE.format(title=_text(title), body="\n".join(parts))


def _table(table: Table, *, heading: bool = True) -> str:
    def cell(tag: str, column: int, text: str, stressed: bool = False) -> str:
        kind = "" if column < table.n_labels else " class=n"
        inner = f"<b>{_text(text)}</b>" if stressed else _text(text)
        return f"<{tag}{kind}>{inner}</{tag}>"

    head = "".join(cell("th", column, text) for column, text in enumerate(table.columns))
    body = "\n".join(
        "<tr>"
        + "".join(
            cell("td", column, text, (number, column) in table.bold)
            for column, text in enumerate(row)
        )
        + "</tr>"
        for number, row in enumerate(table.rows)
    )
    title = f"<h2>{_text(table.title)}</h2>" if heading and table.title else ""
    note = f"<p class=note>{_text(table.note)}</p>" if table.note else ""
    return (
        f"{title}<div class=scroll><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def _clip(clip: Clip, frequency: str) -> str:
    n_shown = int(MOST_SECONDS * clip.sample_rate)
    shown = [(version.label, version.audio[:n_shown]) for version in clip.versions]
    levels = [
        spectrogram_db(audio, clip.sample_rate, width=_WIDTH, height=_HEIGHT, frequency=frequency)
        for _, audio in shown
    ]
    # One scale for all versions; the loudest half per cent of points may share a colour, or one
    # click would darken the whole picture.
    top_db = max(float(np.percentile(level, 99.5)) for level in levels)
    seconds = len(shown[0][1]) / clip.sample_rate
    cut = len(clip.versions[0].audio) > n_shown
    caption = clip.caption + (f" First {MOST_SECONDS:g} s." if cut else "")
    figures = "\n".join(
        _figure(label, audio, clip.sample_rate, spectrogram_png(level, top_db=top_db), frequency)
        for (label, audio), level in zip(shown, levels, strict=True)
    )
    scale = (
        f"{seconds:.1f} s across; 0 to {clip.sample_rate / 2000:g} kHz up; colours from "
        f"{top_db - _RANGE_DB:.0f} to {top_db:.0f} dB, "
        "0 dB being a sine of full scale"
    )
    return (
        f"<section class=clip><h3>{_text(clip.title)}</h3><p>{_text(caption)}</p>"
        f"<div class=versions>{figures}</div><p class=note>{scale}</p></section>"
    )


def _figure(label: str, audio: np.ndarray, sample_rate: int, png: bytes, frequency: str) -> str:
    name = html.escape(label, quote=True)
    ticks = "".join(
        f'<span style="bottom:{100 * position:.1f}%">{_text(text)}</span>'
        for position, text in _ticks(sample_rate, frequency)
    )
    return (
        f"<figure><figcaption>{name}</figcaption><div class=picture>"
        f'<img alt="Spectrogram: {name}" src="data:image/png;base64,{_base64(png)}" '
        f"width={_WIDTH} height={_HEIGHT}>{ticks}</div>"
        f'<audio controls preload=metadata aria-label="{name}" '
        f'src="data:audio/flac;base64,{_base64(_flac(audio, sample_rate))}"></audio></figure>'
    )


def _ticks(sample_rate: int, frequency: str) -> list[tuple[float, str]]:
    """Height (0 to 1) and text of the marks on the frequency axis."""
    nyquist = sample_rate / 2
    if frequency == "log":
        marks = [hz for hz in (100, 300, 1000, 3000, 10000, 30000) if hz < nyquist]
        return [
            (float(np.log(hz / 50) / np.log(nyquist / 50)), f"{hz / 1000:g} kHz") for hz in marks
        ]
    step = next(step for step in (1000, 2000, 4000, 8000, 16000, 32000) if nyquist / step <= 6.5)
    return [(hz / nyquist, f"{hz / 1000:g} kHz") for hz in range(step, int(nyquist * 0.97), step)]


def _flac(audio: np.ndarray, sample_rate: int) -> bytes:
    """16-bit FLAC of the audio; what exceeds full scale is limited, as a player would."""
    file = io.BytesIO()
    channels = audio if audio.ndim == 1 or audio.shape[1] <= 2 else mono(audio)
    soundfile.write(file, np.clip(channels, -1, 1), sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _text(text: str) -> str:
    return html.escape(text, quote=False)


_PAGE = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width,initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --quiet: #777; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto;
  padding: 0 1rem; }}
h1 {{ font-size: 1.7rem; }} h2 {{ font-size: 1.25rem; margin-top: 2.2rem; }}
h3 {{ font-size: 1.05rem; margin: 0; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .8rem; border-bottom: 1px solid var(--line); text-align: left;
  white-space: nowrap; }}
th.n, td.n {{ text-align: right; }}
.note {{ color: var(--quiet); font-size: .87rem; margin: .4rem 0; }}
.clip {{ border-top: 1px solid var(--line); padding: 1rem 0; }}
.clip p {{ margin: .2rem 0 .6rem; }}
.versions {{ display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }}
figure {{ margin: 0; }} figcaption {{ font-weight: 600; margin-bottom: .2rem; }}
.picture {{ position: relative; }}
.picture img {{ display: block; width: 100%; height: 15rem; border-radius: 4px; }}
.picture span {{ position: absolute; left: 0; padding: 0 .3rem; font-size: .7rem; color: #fff;
  text-shadow: 0 0 3px #000, 0 0 3px #000; transform: translateY(50%);
  border-left: 6px solid #fffa; line-height: 1; }}
audio {{ width: 100%; margin-top: .4rem; }}
summary {{ cursor: pointer; margin-top: 2rem; font-weight: 600; }}
</style>
<body>
{body}
<script>
for (const clip of document.querySelectorAll(".clip")) {{
  const players = [...clip.querySelectorAll("audio")];
  for (const player of players) player.addEventListener("play", () => {{
    for (const other of players) if (other !== player && !other.paused) {{
      player.currentTime = other.currentTime;
      other.pause();
    }}
  }});
}}
</script>
</body>
</html>
"""
