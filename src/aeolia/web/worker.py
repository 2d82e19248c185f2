"""A process that runs operations for the server in turn: `python -m aeolia.web.worker`.

Standard input brings a request a line, as JSON; standard output takes messages, a line each:

    {"operation": {...}, "source": PATH or null, "target": PATH, "player": PATH or null}
    -> {"done": SAMPLES, "all": SAMPLES or null} ...
    -> {"report": {...}, "line": TEXT, "outputs": [[LABEL, PATH] ...], "player": {...} or null}
       or {"error": TEXT}

A process of its own can be ended in the middle of a model's step, and what it half wrote goes with
its folder. It ends with the server, whose pipe it reads.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aeolia.api.operations.registry import operation_from_json
from aeolia.api.reports.report import Report
from aeolia.api.reports.separation import SeparationReport
from aeolia.api.reports.sounds import NoteReport
from aeolia.errors import AeoliaError, InputError
from aeolia.web.player import Track, write_player

__all__ = ["main", "work"]

Send = Callable[[dict[str, Any]], None]

#: Operations whose files are scores and latents.
_READ_NO_SOUND = ("play_score", "decode")
#: Operations whose output is nothing to hear.
_WRITE_NO_SOUND = ("encode", "export_sfz")
#: At most so often a message on progress.
_PROGRESS_SECONDS = 0.1


def main() -> None:
    """Work until standard input ends."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not come between messages
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()

    def send(message: dict[str, Any]) -> None:
        output.write(json.dumps(message) + "\n")
        output.flush()

    while True:
        send(work(json.loads(requests.get()), send))


def _listen(requests: queue.Queue[str]) -> None:
    for line in sys.stdin:
        requests.put(line)
    os.kill(os.getpid(), signal.SIGTERM)  # the server is gone


def work(request: dict[str, Any], send: Send) -> dict[str, Any]:
    """Run one request, with messages on its progress to `send`; returns the last message."""
    try:
        return _done(request, send)
    except AeoliaError as error:
        return {"error": str(error)}
    except OSError as error:
        return {"error": f"{error.strerror or error}; free some space or memory, and try again"}
    except Exception:
        traceback.print_exc()
        return {"error": "an error of the program; its details are in the server's terminal"}


def _done(request: dict[str, Any], send: Send) -> dict[str, Any]:
    source, target = request["source"], request["target"]
    report = _run(request["operation"], source, target, send)
    outputs = _outputs(report)
    if not outputs:
        raise InputError("nothing was written; another request is needed")
    answer = {"report": report.as_dict(), "line": report.line(), "outputs": outputs}
    if request["player"] is None:  # nobody will listen here
        return {**answer, "player": None}
    # Of what encodes, the recording alone can be heard.
    heard = request["operation"]["operation"] not in _WRITE_NO_SOUND
    tracks = [Track(label, path) for label, path in outputs if heard]
    if source is not None and request["operation"]["operation"] not in _READ_NO_SOUND:
        tracks.insert(0, Track("before", source))
    if not tracks:  # an instrument for samplers
        return {**answer, "player": None}
    player = write_player(Path(request["player"]), tracks)
    return {**answer, "player": player}


def _run(operation: dict[str, Any], source: str | None, target: str, send: Send) -> Report:
    told = 0.0

    def progress(done: int, of: int | None) -> None:
        nonlocal told
        if time.monotonic() - told >= _PROGRESS_SECONDS:
            told = time.monotonic()
            send({"done": done, "all": of})

    return operation_from_json(json.dumps(operation)).run(source, target, progress=progress)


def _outputs(report: Report) -> list[tuple[str, str]]:
    """What was written: label and path."""
    if isinstance(report, SeparationReport):
        return [(output.name, output.path) for output in report.outputs]
    if isinstance(report, NoteReport) and len(report.notes) > 1:
        return [(Path(note.path).stem, note.path) for note in report.notes]
    path = Path(report.output)
    if path.is_dir():
        return [(file.stem, str(file)) for file in sorted(path.iterdir())]
    return [("after", report.output)]


if __name__ == "__main__":
    main()
