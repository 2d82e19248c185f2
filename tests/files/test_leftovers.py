"""What killed processes left is removed by the next that writes beside it, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aeolia.errors import InputError
from aeolia.files import Spool, claimed, leftovers, locks, write_atomically, writing
from aeolia.files.leftovers import partial_path, remove_dead

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")

SOURCE = Path(__file__).parents[2] / "src"

HOLD = """
import sys
from aeolia.files import new_folder, writing
with writing(sys.argv[1] + "/song.wav") as file, new_folder(sys.argv[1] + "/pairs") as folder:
    file.write(b"half")
    (folder / "one.wav").write_bytes(b"half")
    print(flush=True)
    sys.stdin.read()
"""


#: A child that does nothing but live, and says its number.
FORK = """child = os.fork()
    child or time.sleep(600)
    print(child, flush=True)"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """It writes song.wav and pairs/ in a folder, until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(command, env=env, **pipes) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_process_leaves_nothing_for_long(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        assert len(names(tmp_path)) == 4  # two partials and two locks
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(names(tmp_path)) == 4
    write_atomically(tmp_path / "other.txt", "")
    assert names(tmp_path) == ["other.txt"]


def test_what_lives_is_left_alone(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        before = names(tmp_path)
        write_atomically(tmp_path / "other.txt", "")
        assert names(tmp_path) == sorted([*before, "other.txt"])
        with pytest.raises(InputError, match="another process is writing there"):
            with writing(tmp_path / "song.wav"):
                raise AssertionError("never reached")
        process.communicate(b"")
    assert process.returncode == 0
    assert names(tmp_path) == ["other.txt", "pairs", "song.wav"]


def test_a_killed_process_has_no_claim(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    remove_dead.cache_clear()
    with writing(tmp_path / "song.wav") as file:
        file.write(b"whole")
    assert names(tmp_path) == ["song.wav"]


def test_a_fork_that_outlives_its_parent_holds_nothing(tmp_path: Path) -> None:
    """Such as processes that prepare a training's batches, which end a little later."""
    code = "import os, time\n" + HOLD.replace("print(flush=True)", FORK)
    command = [sys.executable, "-c", code, str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            process.send_signal(signal.SIGKILL)
            process.wait()
            # The child may not have run yet since the fork, and lets go when it does.
            deadline = time.monotonic() + 30
            while names(tmp_path) != ["other.txt"]:
                assert time.monotonic() < deadline, names(tmp_path)
                remove_dead.cache_clear()
                write_atomically(tmp_path / "other.txt", "")
                time.sleep(0.05)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_fork_closes_nothing_but_its_parents_locks(tmp_path: Path) -> None:
    with writing(tmp_path / "song.wav") as file:
        number = file._descriptor
        with (tmp_path / "other").open("w") as other:
            os.dup2(other.fileno(), number)  # as if someone had closed it and opened another
            child = os.fork()
            if not child:
                try:
                    os.fstat(number)
                    os._exit(0)
                finally:
                    os._exit(1)
            assert os.waitpid(child, 0)[1] == 0
    with Spool(named=True):
        pass
    assert not locks._locked


def test_a_folder_is_claimed_by_one(tmp_path: Path) -> None:
    with claimed(tmp_path / "deep" / "run"):
        with (
            pytest.raises(InputError, match="run: another process"),
            claimed(tmp_path / "deep" / "run"),
        ):
            raise AssertionError("never reached")
    with claimed(tmp_path / "deep" / "run"):
        pass
    assert names(tmp_path / "deep") == []


@pytest.mark.parametrize("name", [".a.partial-x.wav", ".song.partial-1.wav", ".song.lock", "song"])
def test_other_files_are_nobodys_leftovers(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    write_atomically(tmp_path / "other.txt", "")
    assert names(tmp_path) == sorted([name, "other.txt"])


def test_another_machines_partials_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(leftovers, "_HOST", "0" * 8)
        theirs = partial_path(tmp_path / "song.wav")
    theirs.write_text("half")
    remove_dead(tmp_path)
    assert theirs.exists()


def test_other_users_partials_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = partial_path(tmp_path / "song.wav")
    theirs.write_text("half")
    monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
    remove_dead(tmp_path)
    assert theirs.exists()


@pytest.mark.parametrize("alive", [True, False])
def test_without_locks_the_process_number_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alive: bool
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(locks.fcntl, "flock", unsupported)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    monkeypatch.setattr(
        os, "getpid", (lambda number=os.getpid(): number) if alive else lambda: ended.pid
    )
    partial = partial_path(tmp_path / "song.wav")
    partial.write_text("half")
    remove_dead(tmp_path)
    assert partial.exists() == alive


def test_a_link_by_such_a_name_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "treasure").write_text("")
    link = partial_path(tmp_path / "song.wav")
    link.symlink_to("mine")
    remove_dead(tmp_path)
    assert (tmp_path / "mine" / "treasure").exists()
