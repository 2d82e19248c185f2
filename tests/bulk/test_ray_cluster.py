"""Joining a cluster from outside: by its client's port, with and without its token."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from aeolia.bulk import ray_cluster
from aeolia.errors import InputError

pytest.importorskip("ray", reason="pip install 'aeolia[cluster]'")

ROOT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef" * 4
PATHS = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
USUAL = {"PYTHONPATH": PATHS, "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
USUAL["RAY_worker_niceness"] = "0"  # or they starve on a busy machine
#: The command, and what comes before it for a client that gives up soon.
COMMAND = """
import sys
from aeolia.cli import run
sys.exit(run(["bulk", "denoise", *sys.argv[1:]]))
"""
IMPATIENT = """
import ray.util.client.worker as worker
worker.INITIAL_TIMEOUT_SEC, worker.backoff = 1, lambda seconds: seconds
"""

#: A head says so whose server for a client was not up within the 30 s that Ray gives it, as happens
#: to the first one on a busy machine.
SLOW = "in Datapath raise RuntimeErro"


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """A head of one CPU that wants a token: its own port, and its clients'."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    yield from _running(tmp_path_factory.mktemp("ray") / "said.txt", token)


@pytest.fixture(scope="module")
def open_head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The same without tokens."""
    yield from _running(tmp_path_factory.mktemp("ray") / "said.txt", {"RAY_AUTH_MODE": "disabled"})


def _running(said: Path, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    for _ in range(2):  # a busy machine misses the 30 s that Ray gives itself
        ports = free_port(), free_port()
        started = _start(*ports, said, environment)
        until = time.monotonic() + 90
        while started.poll() is None and time.monotonic() < until:
            # All of it runs by now, but what clients ask may be the last to listen.
            if "--block" in said.read_text() and _listens(ports[1]):
                yield ports
                until = 0
            time.sleep(0.2)
        for sent in (signal.SIGTERM, signal.SIGKILL):  # it would take its time
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(started.pid, sent)
                started.wait(15)
        if until == 0:
            return
    pytest.fail(said.read_text())


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _start(
    port: int, clients: int, said: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    where = f"--port {port} --ray-client-server-port {clients} --node-ip-address 127.0.0.1"
    small = "--num-cpus 1 --object-store-memory 80000000 --include-dashboard false"
    ray = Path(sys.executable).with_name("ray")
    with said.open("wb") as file:
        return subprocess.Popen(
            [str(ray), "start", "--head", "--block", *where.split(), *small.split()],
            env={**os.environ, **USUAL, **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def keep_token(home: Path) -> None:
    """Let a user have a token, as `ray get-auth-token --generate` and Ray itself leave it."""
    (home / ".ray").mkdir()
    (home / ".ray" / "auth_token").write_text(TOKEN)


@pytest.fixture
def denoise(recordings: Path, gain_model: Path, tmp_path: Path) -> Callable[..., Any]:
    def run(address: str, before: str = "", **environment: str) -> Any:
        places = ["-i", recordings, "-o", tmp_path / "out", "-l", tmp_path / "ledger"]
        more = ["-m", gain_model, "--engine", "ray", "--address", address]
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", before + COMMAND, *map(str, (*places, *more))],
                env={**os.environ, **USUAL, "HOME": str(tmp_path), **environment},
                capture_output=True,
                text=True,
                timeout=150,
            )
            if SLOW not in done.stderr:
                break
        return done

    return run


def test_by_the_port_of_clients_with_the_token(
    head: tuple[int, int], denoise: Callable[..., Any], tmp_path: Path
) -> None:
    done = denoise(f"ray://127.0.0.1:{head[1]}", RAY_AUTH_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("4 files done")
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == 4


def test_by_its_own_port_with_the_token_of_this_machine(
    head: tuple[int, int], denoise: Callable[..., Any], tmp_path: Path
) -> None:
    """Where `ray start` itself finds it."""
    keep_token(tmp_path)
    done = denoise(f"127.0.0.1:{head[0]}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("4 files done")


@pytest.mark.parametrize("address", ["127.0.0.1:{0}", "ray://127.0.0.1:{1}", "auto"])
def test_a_cluster_without_tokens_where_this_machine_has_one(
    address: str, open_head: tuple[int, int], denoise: Callable[..., Any], tmp_path: Path
) -> None:
    """Its workers could not answer to a job that shows one."""
    keep_token(tmp_path)
    found = {"RAY_ADDRESS": f"127.0.0.1:{open_head[0]}"}  # by "auto"
    done = denoise(address.format(*open_head), **found)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("4 files done") and not done.stderr


def test_without_the_token_it_says_so_in_one_line(
    head: tuple[int, int], denoise: Callable[..., Any], tmp_path: Path
) -> None:
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "wrong" * 8}
    done = denoise(f"ray://127.0.0.1:{head[1]}", IMPATIENT, **token)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "does not accept us" in done.stderr and "RAY_AUTH_TOKEN" in done.stderr
    assert not (tmp_path / "out").exists()


def test_by_its_own_port_without_the_token(
    head: tuple[int, int], denoise: Callable[..., Any], tmp_path: Path
) -> None:
    """Twenty lines of Ray's core are one of ours."""
    done = denoise(f"127.0.0.1:{head[0]}", RAY_AUTH_MODE="disabled")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "does not accept us" in done.stderr and "RAY_AUTH_TOKEN" in done.stderr


def test_a_token_is_shown_where_it_is_meant_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of this machine goes to no other, and none to a cluster that wants none."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    modes: list[str] = []
    monkeypatch.setattr(ray_cluster, "_set_mode", modes.append)

    def shown(*, here: bool, wanted: bool = True) -> bool:
        monkeypatch.setattr(ray_cluster, "reached", lambda host, port: here)
        monkeypatch.setattr(ray_cluster, "_wants_token", lambda target, clients: wanted)
        ray_cluster._check_answers("ray://host:10001")
        return modes.pop() == "token"

    assert not shown(here=True) and not shown(here=False)
    keep_token(tmp_path)
    assert shown(here=True) and not shown(here=False) and not shown(here=True, wanted=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    assert shown(here=False) and not shown(here=False, wanted=False)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # the user's own word stands
    ray_cluster._check_answers("ray://host:10001")
    assert not modes


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "ray://no.invalid:1/"])
def test_where_nobody_listens_is_said_at_once(address: str) -> None:
    with pytest.raises(InputError, match="no Ray cluster answers"):
        ray_cluster._check_answers(address)


@pytest.mark.parametrize("address", ["x", "ray://", "ray://h", "h:x", "h:99999", ":1"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InputError, match="no address of a cluster"):
        ray_cluster._check_answers(address)


def test_a_cluster_of_before_is_not_taken_for_one_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray joins the last cluster that this machine had, if nobody says that it shall not."""
    import ray

    asked: list[tuple[Any, ...]] = []
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda *address, **options: asked.append(address))
    ray_cluster.connected(None)
    assert asked == [("local",)]
