"""Helping processes end with the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aeolia.bulk.workers import worker_pool
from aeolia.errors import InputError

SOURCE = Path(__file__).parents[2] / "src"

CODE = """
import os, sys, time
from aeolia.bulk.workers import worker_pool

def hold(pipe):
    # As long as a worker lives, the reader of this pipe does not see its end.
    file = open(pipe, "w")
    print(os.getpid(), file=file, flush=True)
    time.sleep(0 if sys.argv[2] == "idle" else 600)
    globals()["kept"] = file

if __name__ == "__main__":
    with worker_pool(2) as pool:
        done = [pool.submit(hold, sys.argv[1]) for _ in range(4)]
        if sys.argv[2] == "idle":
            [one.result() for one in done]
        print("waiting", flush=True)
        sys.stdin.read()
"""


def test_one_job_needs_no_pool() -> None:
    with worker_pool(1) as pool:
        assert pool is None
    with pytest.raises(InputError, match="jobs is 0; it must be at least 1"), worker_pool(0):
        raise AssertionError("never reached")


@pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("what", ["idle", "busy"])
def test_a_killed_process_leaves_no_workers(tmp_path: Path, sent: int, what: str) -> None:
    (tmp_path / "parent.py").write_text(CODE)
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(
        [sys.executable, "parent.py", "pipe", what],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        with open(tmp_path / "pipe") as pipe:
            workers = {pipe.readline()}
            assert process.stdout is not None
            process.stdout.readline()
            if sent == signal.SIGINT and what == "busy":
                os.killpg(process.pid, sent)  # as a terminal does: the workers hear it, too
                process.send_signal(signal.SIGKILL)  # whose work would go on for ten minutes
            else:
                process.send_signal(sent)
            process.wait(30)
            workers |= set(pipe.read().splitlines())  # ends when the last worker has
    assert workers
