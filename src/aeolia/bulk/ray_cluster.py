"""Joining a cluster of Ray, or starting one of this machine alone."""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aeolia.bulk.crew import n_cores
from aeolia.errors import InputError, MissingExtraError

__all__ = ["connected", "reached"]

_ANSWER_SECONDS, _LAST_PORT = 5.0, 65535
#: Rows are small and go with the answers.
_OBJECT_STORE_BYTES = 100 << 20
#: Where Ray's client tells why it tries again, and how it begins.
_CLIENT_LOG, _CLIENT_SAYS = "ray.util.client.worker", "Received when checking init: "
#: Environment variable that says whether Ray shows tokens.
_MODE = "RAY_AUTH_MODE"
_QUIET: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}


def connected(address: str | None, n_cpus: int | None = None) -> str:
    """Join a Ray cluster, or start one of this machine; returns its dashboard's address or "".

    Raises:
        MissingExtraError: Ray is not installed; InputError: no cluster answers.
    """
    if find_spec("ray") is None:
        raise MissingExtraError(
            "the engine ray needs Ray; install it with `pip install 'aeolia[cluster]'`, or take "
            "--engine local"
        )
    # It would report to its makers that it was used.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None:
        # Ray would let its workers wait for all else that this machine does.
        os.environ.setdefault("RAY_worker_niceness", "0")
    import ray

    if ray.is_initialized():
        return ""
    if address not in (None, "local"):
        _check_answers(address)
    reasons: list[str] = []
    try:
        with _client_says(reasons), _core_says(reasons):
            if address is None:
                context = ray.init("local", num_cpus=n_cpus or n_cores(), **_alone(), **_QUIET)
            else:
                context = ray.init(address=address, **_QUIET)
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise _no_answer(address, "; ".join([said, *reasons[-1:]])) from error
    return str(getattr(context, "dashboard_url", "") or "")


def reached(host: str, port: int) -> bool:
    """See that somebody listens there; returns whether that is this machine.

    Raises:
        OSError: nobody does.
    """
    with socket.create_connection((host, port), _ANSWER_SECONDS) as line:
        return bool(line.getsockname()[0] == line.getpeername()[0])


def _check_answers(address: str) -> None:
    """See that somebody listens, as Ray itself would try for ever; and choose whether to show it a
    token."""
    scheme, _, target = (_found(address) if address == "auto" else address).rpartition("://")
    host, _, port = target.rstrip("/").rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LAST_PORT:
        raise InputError(f"{address}: no address of a cluster; auto, HOST:PORT or ray://HOST:PORT")
    try:
        here = reached(host.strip("[]"), int(port))
    except OSError as error:
        raise _no_answer(address, str(error)) from error
    if _MODE not in os.environ:
        # A token that was given for this job is meant to be shown; that of this machine's own
        # clusters is for this machine.
        given = any(os.environ.get(f"RAY_AUTH_TOKEN{more}") for more in ("", "_PATH"))
        may_show = given or (here and (Path.home() / ".ray" / "auth_token").exists())
        # Workers of a cluster without tokens cannot answer to a driver that has one.
        wants = may_show and _wants_token(f"{host}:{port}", clients=bool(scheme))
        _set_mode("token" if wants else "disabled")


def _found(address: str) -> str:
    """The address of the cluster that Ray finds on this machine."""
    from ray._private import services

    try:
        return str(services.get_ray_address_from_environment(address, None))
    except Exception as error:
        raise _no_answer(address, " ".join(str(error).split())[:200]) from error


def _wants_token(target: str, *, clients: bool) -> bool:
    """Whether a cluster refuses a question that comes without a token; True if it says nothing.

    Args:
        target: HOST:PORT.
        clients: whether Ray's clients are answered there, and not its nodes.
    """
    try:
        import grpc
        from ray._private.grpc_utils import init_grpc_channel
        from ray.core.generated import ray_client_pb2
    except ImportError:
        return False  # a Ray of before there were tokens
    if clients:
        method = "/ray.rpc.RayletDriver/ClusterInfo"
        kind = ray_client_pb2.ClusterInfoType.PING
        question = ray_client_pb2.ClusterInfoRequest(type=kind).SerializeToString()
    else:
        method, question = "/ray.rpc.NodeInfoGcsService/CheckAlive", b""
    with init_grpc_channel(target) as channel:
        try:
            channel.unary_unary(method)(question, timeout=_ANSWER_SECONDS)
        except grpc.RpcError as error:
            silent = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED
            return error.code() in (grpc.StatusCode.UNAUTHENTICATED, *silent)
    return False


def _set_mode(mode: str) -> None:
    """Let Ray, which may have been imported before, show tokens ("token") or none ("disabled")."""
    from ray._raylet import Config

    os.environ[_MODE] = mode
    Config.initialize("")


def _alone() -> dict[str, Any]:
    """How a cluster of this machine alone is started: with the dashboard where it is installed."""
    has_dashboard = find_spec("aiohttp_cors") is not None and find_spec("opencensus") is not None
    return {"object_store_memory": _OBJECT_STORE_BYTES, "include_dashboard": has_dashboard}


def _no_answer(address: str | None, said: str) -> InputError:
    if address is None:
        return InputError(
            f"Ray cannot start on this machine ({said}); try again when it is less busy, or take "
            f"--engine local"
        )
    if re.search("auth", said, re.I):
        return InputError(
            f"{address}: the cluster does not accept us ({said}); put its token, which `ray "
            f"get-auth-token` prints there, into RAY_AUTH_TOKEN"
        )
    return InputError(
        f"{address}: no Ray cluster answers ({said}); start one with `ray start --head`, or check "
        f"--address"
    )


@contextmanager
def _core_says(reasons: list[str]) -> Iterator[None]:
    """Keep what Ray's core writes to standard error, twenty lines a refusal, and gather why."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said = file.read().decode(errors="replace")
            reasons += re.findall(r"InvalidAuthToken: (.*)", said)[:1]


@contextmanager
def _client_says(reasons: list[str]) -> Iterator[None]:
    """Gather why Ray's client tries again, which it keeps to itself; and keep its warnings."""

    class Gatherer(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said = record.getMessage()
            if said.startswith(_CLIENT_SAYS):
                reasons.append(said.removeprefix(_CLIENT_SAYS))

    log, gatherer = logging.getLogger(_CLIENT_LOG), Gatherer()
    before = log.level, log.propagate
    log.addHandler(gatherer)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.removeHandler(gatherer)
        log.setLevel(before[0])
        log.propagate = before[1]
