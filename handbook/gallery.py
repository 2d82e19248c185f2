"""Sounds before and after, with spectrograms: made by the models as the site is built.

`make` writes small Opus files and pictures into a folder; `player` is what a page shows of one
clip. Clips are what examples/ holds, and what the synthesisers play; failures are among them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

import aeolia
from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_png

__all__ = ["CLIPS", "EXAMPLES", "make", "page", "player"]

EXAMPLES_FOLDER = Path(__file__).parents[1] / "examples"
#: Opus knows this rate.
RATE = 48000
SECONDS = 12.0

#: Samples [T] or [T, C], and their rate.
Sound = tuple[np.ndarray, int]


@dataclass(frozen=True)
class Shown:
    """One clip: its title and what to listen for, in both languages, and how it is made."""

    title: tuple[str, str]
    note: tuple[str, str]
    #: What each sound is, in both languages.
    labels: tuple[tuple[str, str], ...]
    sounds: Callable[[], list[Sound]]


def _read(name: str) -> Sound:
    audio, rate = soundfile.read(EXAMPLES_FOLDER / name, dtype="float32")
    return audio, rate


def _denoised(name: str) -> list[Sound]:
    noisy, rate = _read(f"{name}.noisy.wav")
    return [(noisy, rate), (aeolia.denoise(noisy, rate), rate), _read(f"{name}.clean.wav")]


def _speech_and_rest() -> list[Sound]:
    mixture, rate = _read("street.noisy.wav")
    parts = aeolia.separate(mixture, rate, sources=["speech"], rest=True)
    return [(mixture, rate), (parts["speech"], rate), (parts["rest"], rate)]


def _one_voice(enrolment: str) -> list[Sound]:
    mixture, rate = _read("duet.wav")
    parts = aeolia.separate(mixture, rate, speaker=EXAMPLES_FOLDER / enrolment)
    return [(mixture, rate), _read(enrolment), (parts["speaker"], rate)]


def _notes() -> list[Sound]:
    notes = (("alto_sax", "A4"), ("cello", "C3"), ("piano", "C4"))
    return [aeolia.synthesise(name, pitch, seconds=2.0, seed=1) for name, pitch in notes]


def _score() -> list[Sound]:
    return [aeolia.play_score(EXAMPLES_FOLDER / "greensleeves.mid")]


def _draws(name: str) -> list[Sound]:
    return [aeolia.synthesise(name, model="drums", seed=n, seconds=1.0) for n in (1, 2, 3)]


_BEFORE_AFTER = (("noisy", "带噪"), ("denoised", "降噪后"), ("clean reference", "干净的参考"))
_VOICES = (("two voices", "两人同时说话"), ("whose voice", "要找的声音"), ("found", "取出的声音"))

CLIPS: dict[str, Shown] = {
    "fan": Shown(
        ("A voice beside a fan", "风扇旁的语音"),
        ("Blade tones, hum and rattle.", "叶片音、交流声和杂响。"),
        _BEFORE_AFTER,
        functools.partial(_denoised, "fan"),
    ),
    "street": Shown(
        ("A voice in the street, stereo", "街上的语音（立体声）"),
        ("Cars pass; the voice stays where it is.", "汽车驶过，语音的位置不变。"),
        _BEFORE_AFTER,
        functools.partial(_denoised, "street"),
    ),
    "cafe": Shown(
        ("A voice in a café: a hard case", "咖啡馆里的语音：困难的例子"),
        (
            "Other voices are speech, too: some of them stay, and the voice loses some room.",
            "旁人的声音也是语音：会留下一些，主讲的声音也会失去一部分房间感。",
        ),
        _BEFORE_AFTER,
        functools.partial(_denoised, "cafe"),
    ),
    "rest": Shown(
        ("Speech and the rest", "语音与其余"),
        ("The two parts sum to the mixture.", "两部分相加等于混合音。"),
        (("mixture", "混合音"), ("speech", "语音"), ("the rest", "其余")),
        _speech_and_rest,
    ),
    "voice": Shown(
        ("One voice of two", "两人之中的一人"),
        ("Known by another clip of the same voice.", "用同一个人的另一段录音来指定。"),
        _VOICES,
        functools.partial(_one_voice, "fan.clean.wav"),
    ),
    "absent": Shown(
        ("A voice that is not there: a failure", "录音中没有的声音：失败的例子"),
        (
            "Asked for somebody who is not there, it gives little, or pieces of somebody else.",
            "要找的人没有说话时，模型给出的很少，或是别人的片段。",
        ),
        _VOICES,
        functools.partial(_one_voice, "cafe.clean.wav"),
    ),
    "notes": Shown(
        ("Notes drawn from the prior", "从先验中抽取的音符"),
        ("Three instruments, two seconds each.", "三种乐器，各两秒。"),
        (("alto saxophone", "中音萨克斯"), ("cello", "大提琴"), ("piano", "钢琴")),
        _notes,
    ),
    "score": Shown(
        ("A score", "一份乐谱"),
        ("Saxophone, piano, double bass, cello and drums.", "萨克斯、钢琴、低音提琴、大提琴和鼓。"),
        (("greensleeves.mid", "greensleeves.mid"),),
        _score,
    ),
    "snare": Shown(
        ("Drawn snares: a weak point", "抽取的军鼓：一个弱点"),
        ("They ring on one pitch, at about 200 Hz.", "它们在 200 Hz 左右的一个音高上鸣响。"),
        tuple((f"draw {n}", f"抽样 {n}") for n in (1, 2, 3)),
        functools.partial(_draws, "snare"),
    ),
}

#: Model -> clips shown on its card.
EXAMPLES = {
    "denoise": ("fan",),
    "denoise-16k": ("cafe",),
    "separate": ("rest",),
    "separate-speaker": ("voice",),
    "notes": ("notes",),
    "drums": ("snare",),
}


def make(folder: Path) -> None:
    """Write sounds and spectrograms of all clips into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip, shown in CLIPS.items():
        for index, (audio, rate) in enumerate(shown.sounds()):
            audio = audio[: round(SECONDS * rate)]
            at_rate = soxr.resample(audio, rate, RATE)
            peak = max(1.0, float(np.abs(at_rate).max()))
            soundfile.write(
                folder / f"{clip}-{index}.opus", at_rate / peak, RATE, format="OGG", subtype="OPUS"
            )
            levels = spectrogram_db(audio, rate, width=480, height=160, frequency="log")
            (folder / f"{clip}-{index}.png").write_bytes(spectrogram_png(levels))


def player(clip: str, language: str, depth: int) -> str:
    """A clip's note, players and pictures, for a page that lies `depth` folders deep."""
    chinese = language == "zh"
    shown, root = CLIPS[clip], "../" * (depth + chinese)
    cells = []
    for index, label in enumerate(shown.labels):
        base, name = f"{root}sounds/{clip}-{index}", label[chinese]
        cells.append(
            f'<figure><img src="{base}.png" alt="{name}" loading="lazy">'
            f'<audio controls preload="none" src="{base}.opus" aria-label="{name}"></audio>'
            f"<figcaption>{name}</figcaption></figure>"
        )
    return f'{shown.note[chinese]}\n\n<div class="sounds">{"".join(cells)}</div>'


def page(language: str) -> str:
    """All clips, one below the other."""
    return "\n\n".join(
        f"## {shown.title[language == 'zh']} {{ #{clip} }}\n\n{player(clip, language, 1)}"
        for clip, shown in CLIPS.items()
    )
