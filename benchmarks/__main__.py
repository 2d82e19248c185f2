"""`python -m benchmarks`: one command a page of results, and comparisons."""

from __future__ import annotations

import enum
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from aeolia.data.cache import cache_folder
from aeolia.errors import AeoliaError, DataError
from benchmarks import PAGES, RESULTS, ROOT

__all__ = ["app", "main"]

app = typer.Typer(
    name="python -m benchmarks",
    help="What we publish about our models, measured again.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class Task(str, enum.Enum):
    """What a model does."""

    denoise = "denoise"
    separate = "separate"
    synth = "synth"


Manifest = Annotated[Path, typer.Option(help="Folder with manifest.csv.", show_default=False)]
Notes = Annotated[Path, typer.Option(help="Folder with notes/ and drums/ as training had them.")]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="Name or .onnx file; else the released ones. Several may come."),
]
HoldOut = Annotated[list[str] | None, typer.Option(help="Song held out; else 4_potassium.")]
Cache = Annotated[Path, typer.Option(help="Folder of what is remembered.")]
Page = Annotated[Path, typer.Option("--output", "-o", help="The page to write.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="A minute's check: few clips, no times; into quick-*.")
]
Kept = Annotated[Path, typer.Option("--results", help="The file of all scores to write.")]

#: Command -> the module whose `page` writes its page.
_PAGES = {
    "denoise": "benchmarks.denoise.report",
    "doors": "benchmarks.doors.run",
    "reshaping": "benchmarks.reshaping.page",
    "scores": "benchmarks.scores.page",
    "separate": "benchmarks.separate.report",
    "separate-drums": "benchmarks.separate.kit",
    "synth": "benchmarks.synth.run",
    "voices": "benchmarks.voices.page",
    "web": "benchmarks.web.run",
}
#: Songs that the released separators' training held out.
_HELD_OUT = ("4_potassium",)


def _quick(page: str, output: Path, results: Path) -> tuple[Path, Path]:
    """Where a quick look goes, unless it is said: what is published is not overwritten."""
    published = output.parent == PAGES, results.parent == RESULTS
    here = Path(f"quick-{page}.md"), Path(f"quick-{page}.json")
    return here[0] if published[0] else output, here[1] if published[1] else results


@app.command()
def denoise(
    data: Manifest,
    peers: Annotated[Path | None, typer.Option(help="Folder of the peers' files.")] = None,
    skip: Annotated[list[str] | None, typer.Option(help="Name of a peer to leave out.")] = None,
    model: Models = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Also of the mixtures, such as dnsmos_ovrl; several may come."),
    ] = None,
    clips: Annotated[int, typer.Option(min=5, help="Mixtures; few for a quick look.")] = 200,
    speed: Annotated[bool, typer.Option(help="Measure times, too.")] = True,
    long: Annotated[bool, typer.Option(help="Also a file of one hour, for memory.")] = False,
    cache: Cache = cache_folder() / "benchmarks",
    quick: Quick = False,
    output: Page = PAGES / "RESULTS.md",
    results: Kept = RESULTS / "denoise.json",
) -> None:
    """RESULTS.md: our denoisers beside others, on held-out recordings.

    \b
    python -m benchmarks denoise --data DIR --peers DIR
    python -m benchmarks denoise --data DIR --model mine.onnx --clips 20 --no-speed -o mine.md
    """
    from benchmarks.denoise.report import page
    from benchmarks.denoise.run import measure
    from benchmarks.results import publish

    if quick:
        clips, speed, long = 10, False, False
        output, results = _quick("denoise", output, results)
    found = measure(
        data,
        peers=peers,
        skip=skip or (),
        models=model or (),
        more=metric or (),
        clips=clips,
        speed=speed,
        long=long,
        cache=cache,
    )
    publish(found, page, output, results)


@app.command()
def c(
    model: Models = None,
    hops: Annotated[int, typer.Option(min=20, help="Of sound that are timed.")] = 1000,
    output: Page = PAGES / "c.md",
) -> None:
    """c.md: the denoisers as C beside ONNX Runtime, hop by hop in one run; needs a C compiler.

    \b
    python -m benchmarks c
    """
    from benchmarks.denoise.c_code import run

    run(model or ("denoise-16k", "denoise"), output, hops)


@app.command()
def takes(
    data: Manifest,
    model: Models = None,
    split: Annotated[str, typer.Option(help="choose or report.")] = "report",
    number: Annotated[int, typer.Option("--takes", min=4, help="Of 150 s.")] = 20,
    output: Page = PAGES / "takes.md",
) -> None:
    """takes.md: our denoisers after pauses, in pauses and after an hour.

    \b
    python -m benchmarks takes --data DIR
    """
    from benchmarks.denoise.takes import run

    run(data, model or ("denoise-16k", "denoise"), output, split, number)


@app.command()
def voices(
    data: Annotated[Path, typer.Option(help="Folder with manifest.csv and voices.csv.")],
    peers: Annotated[Path | None, typer.Option(help="Folder of the peers' files.")] = None,
    skip: Annotated[list[str] | None, typer.Option(help="Name of a peer to leave out.")] = None,
    model: Models = None,
    limit: Annotated[
        list[float] | None, typer.Option(help="Also with this attenuation limit in dB.")
    ] = None,
    split: Annotated[str, typer.Option(help="choose or report.")] = "report",
    clips: Annotated[int, typer.Option(min=4, help="Of a set.")] = 60,
    cache: Cache = cache_folder() / "benchmarks",
    output: Page = PAGES / "voices.md",
    results: Kept = RESULTS / "voices.json",
) -> None:
    """voices.md: children, actors, singers, whispers, shouts, laughs; languages; music.

    \b
    python -m benchmarks.voices.gather DIR --emodb DIR ...
    python -m benchmarks voices --data DIR --peers DIR
    """
    from benchmarks.results import publish
    from benchmarks.voices.page import page
    from benchmarks.voices.run import measure

    found = measure(
        data,
        peers=peers,
        skip=skip or (),
        models=model or (),
        limits_db=limit or (),
        split=split,
        clips=clips,
        cache=cache,
    )
    publish(found, page, output, results)


@app.command()
def doors(
    peers: Annotated[Path | None, typer.Option(help="Folder of the peers' files.")] = None,
    hops: Annotated[int, typer.Option(min=20, help="Of sound that are timed.")] = 1000,
    browser: Annotated[bool, typer.Option(help="In a headless Chromium, too.")] = True,
    cache: Cache = cache_folder() / "benchmarks",
    output: Page = PAGES / "doors.md",
    results: Kept = RESULTS / "doors.json",
) -> None:
    """doors.md: our denoisers in web pages, C and sherpa-onnx, beside what runs there otherwise.

    \b
    python -m benchmarks doors --peers DIR
    """
    from benchmarks.doors.run import measure, page
    from benchmarks.results import publish

    publish(measure(peers, hops, browser=browser, cache=cache), page, output, results)


@app.command()
def web(
    minutes: Annotated[float, typer.Option(min=0.1, help="Of the file that is cleaned.")] = 10.0,
    output: Page = PAGES / "web.md",
    results: Kept = RESULTS / "web.json",
) -> None:
    """web.md: how soon the page of `aeolia web` is there, and how it answers while it works.

    \b
    python -m benchmarks web
    """
    from benchmarks.results import publish
    from benchmarks.web.run import measure, page

    publish(measure(minutes), page, output, results)


@app.command()
def bulk(
    part: Annotated[
        list[str] | None,
        typer.Option(help="overhead, long, memory, kills, store or throughput; else all."),
    ] = None,
    output: Page = PAGES / "bulk.md",
    results: Kept = RESULTS / "bulk.json",
) -> None:
    """bulk.md: `aeolia bulk` beside a plain loop, its memory, and after kills; needs `dev`.

    \b
    python -m benchmarks bulk
    python -m benchmarks bulk --part kills     the other parts stay as they were measured
    """
    from benchmarks.bulk.page import PARTS, run

    for name in part or ():
        if name not in PARTS:
            raise DataError(f"no part is called {name!r}; they are {', '.join(PARTS)}")
    run(part or PARTS, output, results)


@app.command()
def separate(
    data: Manifest,
    clips: Annotated[int, typer.Option(min=1, help="Mixtures of classes.")] = 60,
    hold_out: HoldOut = None,
    model: Models = None,
    source: Annotated[
        str, typer.Option(help="Corpus of the speakers; '' for all.")
    ] = "librispeech",
    cost: Annotated[bool, typer.Option(help="Measure times, too.")] = True,
    only: Annotated[
        list[str] | None, typer.Option(help="classes, songs or speakers; several may come.")
    ] = None,
    frames: Annotated[
        bool, typer.Option(help="Songs by museval, too, where it is installed; it is slow.")
    ] = True,
    quick: Quick = False,
    output: Page = PAGES / "SEPARATION.md",
    results: Kept = RESULTS / "separate.json",
) -> None:
    """SEPARATION.md: our separators beside baselines and an ideal mask.

    \b
    pip install museval        # for one table; it needs ffmpeg
    python -m benchmarks separate --data DIR
    python -m benchmarks separate --data DIR --only speakers --no-cost -o speakers.md \\
        --results speakers.json
    """
    from benchmarks.results import publish
    from benchmarks.separate.report import page
    from benchmarks.separate.run import measure, released_separators

    if quick:
        clips, cost = 2, False
        output, results = _quick("separate", output, results)
    found = measure(
        data,
        clips=clips,
        hold_out=hold_out or _HELD_OUT,
        models=model or released_separators(),
        source=source or None,
        cost=cost,
        only=only or (),
        frames=frames,
    )
    publish(found, page, output, results)


@app.command()
def kit(
    data: Manifest,
    model: Models = None,
    clips: Annotated[int, typer.Option(min=2, help="Excerpts of songs, at most.")] = 24,
    output: Page = PAGES / "separate-drums.md",
    results: Kept = RESULTS / "separate-drums.json",
) -> None:
    """separate-drums.md: the parts of a drum kit, out of drums alone and out of whole songs.

    \b
    python -m benchmarks kit --data SONGS --model FILE.onnx
    """
    from benchmarks.results import publish
    from benchmarks.separate.kit import measure, page

    publish(measure(data, clips=clips, models=model or ["separate-drums"]), page, output, results)


@app.command()
def telephone(data: Manifest) -> None:
    """How loud voices are above 3.4 kHz, from what they are below: the table that enrolment uses.

    \b
    python -m benchmarks telephone --data DIR
    """
    from benchmarks.separate.telephone import table

    typer.echo(table(data))


@app.command()
def balance(
    soundfonts: Annotated[
        list[Path], typer.Argument(help="General MIDI soundfonts, .sf2; their mean counts.")
    ],
) -> None:
    """Loudness and releases of soundfonts' notes: the tables that scores are played by.

    \b
    python -m benchmarks balance FluidR3_GM.sf2 MuseScore_General.sf2
    """
    from benchmarks.synth.balance import balance_tables

    typer.echo(balance_tables(soundfonts))


@app.command()
def synth(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with notes/ and drums/; without it only playing and speed."),
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Name or .onnx file.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A part, such as shift.")] = None,
    cache: Cache = cache_folder() / "benchmarks",
    quick: Quick = False,
    output: Page = PAGES / "SYNTHESIS.md",
    results: Kept = RESULTS / "synth.json",
) -> None:
    """SYNTHESIS.md: how our synthesisers play, and the bars that they are held to.

    \b
    python -m benchmarks synth --data DIR
    python -m benchmarks synth --data DIR --model mine.onnx --only shift -o mine.md
    """
    from benchmarks.results import publish
    from benchmarks.synth.run import measure, page

    if quick:
        only = only or ["playing"]
        output, results = _quick("synth", output, results)
    models = model or ("notes", "drums")
    publish(measure(data, models=models, only=only or (), cache=cache), page, output, results)


@app.command()
def reshaping(
    data: Annotated[Path, typer.Option(help="A manifest with the split `report`.")],
    clips: Annotated[int, typer.Option(min=1, help="Of speech, and of singing.")] = 12,
    model: Annotated[str, typer.Option(help="Name or .onnx file of the instruments.")] = "notes",
    seed: Annotated[int, typer.Option(min=0, help="Of the draw of clips.")] = 0,
    quick: Quick = False,
    output: Page = PAGES / "reshaping.md",
    results: Kept = RESULTS / "reshaping.json",
) -> None:
    """reshaping.md: `aeolia shift` and `transfer` of voices beside WORLD and Rubber Band.

    \b
    pip install praat-parselmouth '.[pitch,voice]'; apt-get install rubberband-cli
    python -m benchmarks reshaping --data split.csv
    """
    from benchmarks.reshaping.page import page
    from benchmarks.reshaping.run import measure
    from benchmarks.results import publish

    if quick:
        clips = 1
        output, results = _quick("reshaping", output, results)
    publish(measure(data, clips=clips, model=model, seed=seed), page, output, results)


@app.command()
def scores(
    songs: Annotated[Path, typer.Option(help="Folder of General MIDI songs (.mid).")],
    soundfont: Annotated[
        list[Path],
        typer.Option(help="An .sf2; several come, and the first is what all are compared with."),
    ],
    seconds: Annotated[float, typer.Option(min=2.0, help="Of each song, from its start.")] = 35.0,
    number: Annotated[int, typer.Option(min=1, help="Songs, evenly spread over the folder.")] = 20,
    model: Annotated[str, typer.Option(help="Name or .onnx file of the instruments.")] = "notes",
    drums: Annotated[str, typer.Option(help="Name or .onnx file of the drums.")] = "drums",
    listen: Annotated[
        Path | None, typer.Option("--page", help="Folder for a page with five of the songs.")
    ] = None,
    output: Page = PAGES / "scores.md",
    results: Kept = RESULTS / "scores.json",
) -> None:
    """scores.md: MIDI songs as we and as FluidSynth with soundfonts play them; needs `dev`.

    \b
    python -m benchmarks.scores.gather SONGS --freedoom DIR --openmsx DIR --blupi DIR
    python -m benchmarks scores --songs SONGS --soundfont FluidR3_GM.sf2 \\
        --soundfont MuseScore_General.sf2 --soundfont TimGM6mb.sf2 --page heard
    """
    from benchmarks.results import publish
    from benchmarks.scores.page import page
    from benchmarks.scores.run import measure

    found = measure(
        songs,
        soundfont,
        model=model,
        drums=drums,
        seconds=seconds,
        songs=number,
        page=listen,
    )
    publish(found, page, output, results)


@app.command()
def failures(
    data: Manifest,
    gallery: Annotated[Path, typer.Option(help="Folder for the page to listen.")],
    model: Models = None,
    clips: Annotated[int, typer.Option(min=10, help="Mixtures; few for a quick look.")] = 200,
    cache: Cache = cache_folder() / "benchmarks",
    output: Page = PAGES / "failures.md",
) -> None:
    """failures.md: the mixtures on which each denoiser gains least, and a page to hear them.

    \b
    python -m benchmarks failures --data DIR --gallery worst
    """
    from benchmarks.denoise.failures import run

    run(data, gallery, output, models=model or (), clips=clips, cache=cache)


@app.command("fine-tuning")
def fine_tuning(
    data: Manifest,
    model: Annotated[str, typer.Option(help="A released model.")] = "denoise-16k",
    noise: Annotated[str, typer.Option(help="Source of the noises.")] = "clearervoice",
    minutes: Annotated[float, typer.Option(help="Of training.")] = 4.0,
    output: Page = PAGES / "fine_tuning.md",
) -> None:
    """fine_tuning.md: what training on one's own noise brings.

    \b
    python -m benchmarks fine-tuning --data DIR --minutes 3
    """
    from benchmarks.denoise.fine_tuning import run

    run(data, output, model=model, noise=noise, minutes=minutes)


@app.command()
def ablations(
    task: Annotated[Task, typer.Argument()],
    data: Annotated[Path, typer.Option(help="A manifest with the split `choose`.")],
    steps: Annotated[int, typer.Option(min=4, help="Of each training.")] = 150,
    seed: Annotated[list[int] | None, typer.Option(help="Several may come; else 0, 1, 2.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Variant to train beside the control; else all.")
    ] = None,
    output: Page = PAGES / "ablations.md",
    results: Kept = RESULTS / "ablations.json",
) -> None:
    """ablations.md: recipes with one thing changed, trained for equal steps, over seeds.

    \b
    python -m benchmarks ablations denoise --data split.csv --steps 150
    python -m benchmarks ablations separate --data split.csv --only FiLM --seed 0 --seed 1
    """
    from benchmarks.ablations.run import Trainings, run

    trainings = Trainings(task.value, data, steps, tuple(dict.fromkeys(seed or (0, 1, 2))))
    run(trainings, results, output, only=only)


@app.command()
def tuning(
    study: Annotated[Path, typer.Argument(help="Folder of a study of `aeolia tune`.")],
    recipe: Annotated[str, typer.Option(help="The recipe that it tuned.")],
    data: Annotated[Path, typer.Option(help="The manifest that it was made with.")],
    steps: Annotated[int, typer.Option(min=1, help="Of each training.")],
    seed: Annotated[list[int] | None, typer.Option(help="Several may come; else 0, 1, 2.")] = None,
    space: Annotated[Path | None, typer.Option(help="That of the study, if not shipped.")] = None,
    output: Page = PAGES / "tuning.md",
    results: Kept = RESULTS / "tuning.json",
) -> None:
    """tuning.md: a study's trials, and its best against the recipe over seeds, on `choose`.

    \b
    aeolia tune textbook --data split.csv --out study --trials 8
    python -m benchmarks tuning study --recipe textbook --data split.csv --steps 300
    """
    from benchmarks.tuning.run import run

    seeds = tuple(dict.fromkeys(seed or (0, 1, 2)))
    run(study, recipe, data, results, output, steps=steps, seeds=seeds, space=space)


pictures = typer.Typer(no_args_is_help=True, help="The spectrograms of docs/.")
app.add_typer(pictures, name="pictures")


@pictures.command("separate")
def pictures_separate(
    data: Manifest,
    hold_out: HoldOut = None,
    classes: Annotated[int, typer.Option(min=0, help="Number of the mixture of classes.")] = 4,
    voices: Annotated[int, typer.Option(min=0, help="Number of the mixture of voices.")] = 1,
    output: Annotated[Path, typer.Option("--output", "-o")] = ROOT / "docs" / "separation",
) -> None:
    """docs/separation: mixtures, their parts, and what the separators find.

    \b
    python -m benchmarks pictures separate --data DIR
    """
    from benchmarks.separate.pictures import run

    run(data, output, hold_out=hold_out or _HELD_OUT, classes=classes, voices=voices)


@pictures.command("synth")
def pictures_synth(
    data: Notes,
    output: Annotated[Path, typer.Option("--output", "-o")] = ROOT / "docs" / "synthesis",
) -> None:
    """docs/synthesis: notes as recorded, and as the synthesisers make them.

    \b
    python -m benchmarks pictures synth --data DIR
    """
    from benchmarks.synth.pictures import run

    run(data, output)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Results of a run (.json).")],
    second: Annotated[Path, typer.Argument(help="Results of another run.")],
) -> None:
    """Differences of two runs, clip by clip, with 95 % intervals: second minus first.

    \b
    python -m benchmarks denoise --data DIR --no-speed --results after.json -o after.md
    python -m benchmarks compare benchmarks/results/denoise.json after.json
    """
    from aeolia.evaluation.tables import print_table
    from benchmarks.results import Results, compare

    for table in compare(Results.read(first), Results.read(second)):
        print_table(table)


@app.command()
def page(
    results: Annotated[Path, typer.Argument(help="Results of a run (.json).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")],
) -> None:
    """Write the page of a run again, from its results.

    \b
    python -m benchmarks page benchmarks/results/denoise.json -o benchmarks/RESULTS.md
    """
    import importlib

    from aeolia.files import write_atomically
    from benchmarks.results import Results

    found = Results.read(results)
    if found.page not in _PAGES:
        raise DataError(f"{results} is of no page: {found.page!r}; known are {', '.join(_PAGES)}")
    module = importlib.import_module(_PAGES[found.page])
    write_atomically(output, module.page(found))


@app.command("card")
def print_card(
    results: Annotated[Path, typer.Argument(help="Results of denoise or separate (.json).")],
    model: Annotated[str, typer.Argument(help="The model's name in them.")],
) -> None:
    """The tables of a model's card, printed from a run's results.

    \b
    python -m benchmarks card benchmarks/results/denoise.json denoise-16k
    """
    from benchmarks.card import card
    from benchmarks.results import Results

    typer.echo(card(Results.read(results), model), nl=False)


@app.command()
def versions(
    before: Annotated[Path, typer.Argument(help="Another checkout of this repository.")],
    after: Annotated[Path, typer.Argument(help="A checkout.", show_default="this one")] = ROOT,
    only: Annotated[
        list[str] | None, typer.Option(help="Operation, such as denoise; else all.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Measurements of each cost.")] = 5,
) -> None:
    """Compare the samples and the cost of two checkouts; exit code 1 if samples differ.

    \b
    git worktree add ../before HEAD~1
    python -m benchmarks versions ../before --only denoise --only "live denoise"
    """
    from benchmarks.versions.run import run

    raise typer.Exit(run(before, after, only or [], rounds))


@app.command()
def fuzz(
    minutes: Annotated[float, typer.Option(min=0.01, help="How long, with drawn seeds.")] = 10.0,
    seed: Annotated[list[int] | None, typer.Option(min=0, help="Only these; else drawn.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Kind of file, such as npz.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for files that fell.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the table.")
    ] = None,
) -> None:
    """Damaged files of every kind that commands read; exit code 1 if one does harm.

    None may end a command with a traceback or another exit code than 0, 1 and 2, take 20 seconds
    or 1.2 GB, leave a file that nobody asked for, or make terminals, spreadsheets or browsers obey
    a name. POSIX only.

    \b
    python -m benchmarks fuzz --minutes 10 --keep fell -o benchmarks/fuzz.md
    python -m benchmarks fuzz --only npz --seed 42
    """
    from benchmarks.fuzz.kinds import KINDS
    from benchmarks.fuzz.run import fuzz as run

    if unknown := set(only or ()) - set(KINDS):
        raise DataError(f"no kind of file is called {min(unknown)!r}; known: {', '.join(KINDS)}")
    raise typer.Exit(bool(run(minutes, seed or (), only or (), keep, output)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code, 2 for what a user can mend."""
    try:
        app(None if arguments is None else list(arguments), prog_name="python -m benchmarks")
    except AeoliaError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


if __name__ == "__main__":
    sys.exit(main())
