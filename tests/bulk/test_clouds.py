"""Google's, Azure's and Hugging Face's stores: what they lack, refuse, and how they are written.

Stores in memory take their places, with the errors that their packages raise.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from aeolia import Denoise
from aeolia.bulk.crew import Here
from aeolia.bulk.job import BulkJob, run_bulk
from aeolia.bulk.stores import Place
from aeolia.errors import InputError, MissingExtraError

PACKAGES = {"gs": "gcsfs", "az": "adlfs", "hf": "huggingface_hub"}


class HttpError(Exception):
    """gcsfs has its own by this name."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"{said}, {code}")
        self.code = code


class ClientAuthenticationError(Exception):
    """azure.core.exceptions"""


class DefaultCredentialsError(Exception):
    """google.auth.exceptions"""


class HfHubHTTPError(OSError):
    """huggingface_hub.errors: the answer holds the number."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.response = type("Response", (), {"status_code": code})()


REFUSALS = {
    "gs": (HttpError(403, "x does not have storage.objects.list access"), "no permission"),
    "gcs": (DefaultCredentialsError("Your default credentials were not found"), "no credentials"),
    "az": (ClientAuthenticationError("Server failed to authenticate"), "no credentials"),
    "adl": (ValueError("Must provide a connection_string or credentials!"), "no credentials"),
    "abfs": (PermissionError("AuthorizationPermissionMismatch"), "no permission"),
    "hf": (HfHubHTTPError(401, "Client Error"), "no permission"),
}


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, type], None]]:
    """Let a file system stand for a scheme."""
    registry = sys.modules["fsspec.registry"]._registry

    def one(scheme: str, kind: type) -> None:
        monkeypatch.setitem(registry, scheme, kind)

    yield one
    MemoryFileSystem.store.clear()


def bucket(scheme: str, **methods: Any) -> type:
    """A store in memory of its own, for `scheme`."""
    facts = {"protocol": scheme, "store": {}, "pseudo_dirs": [""], "cachable": False}
    facts["_strip_protocol"] = staticmethod(lambda path: "/" + path.split("://")[-1].strip("/"))
    return type(f"Bucket{uuid.uuid4().hex}", (MemoryFileSystem,), {**facts, **methods})


@pytest.mark.parametrize("scheme", PACKAGES)
def test_a_store_without_its_package_says_which(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = sys.modules["fsspec.registry"]
    monkeypatch.delitem(registry._registry, scheme, raising=False)
    for name in [PACKAGES[scheme], *(one for one in sys.modules if one.startswith("gcsfs."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=f"{scheme}:// needs another package.*pip install"):
        Place(f"{scheme}://bucket/x.wav")
    assert PACKAGES[scheme] in str(_error(f"{scheme}://bucket/x.wav"))


def _error(uri: str) -> Exception:
    with pytest.raises(MissingExtraError) as found:
        Place(uri)
    return found.value


@pytest.mark.parametrize("scheme", REFUSALS)
def test_a_store_that_refuses_ends_the_job_before_it_began(
    scheme: str, put: Any, recordings: Path, operation: Denoise, tmp_path: Path
) -> None:
    """As input, output and ledger: one line."""
    error, match = REFUSALS[scheme]

    def refuse(*_: object, **__: object) -> Any:
        raise error

    refusing = dict.fromkeys(("info", "ls", "put_file", "pipe_file", "cat_file"), refuse)
    put(scheme, bucket(scheme, **refusing))
    there, here = f"{scheme}://bucket/x", str(tmp_path / "l")
    for places in (
        ((there,), str(tmp_path / "o"), here),
        ((str(recordings),), there, here),
        ((str(recordings),), str(tmp_path / "o"), there),
    ):
        with pytest.raises(InputError, match=match) as found:
            run_bulk(BulkJob(operation, *places))
        assert "\n" not in str(found.value)


def test_from_google_to_azure_with_a_ledger_at_hugging_face(
    put: Any,
    recordings: Path,
    operation: Denoise,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Keys that appear when they are whole are written at once, without a name for the time."""
    monkeypatch.setattr("aeolia.bulk.job.Processes", lambda station, n_workers: Here(station))
    moved: list[str] = []
    kinds = {scheme: bucket(scheme) for scheme in PACKAGES}
    kinds["az"].mv = lambda self, *names, **_: moved.append(str(names))  # type: ignore[attr-defined]
    for scheme, kind in kinds.items():
        put(scheme, kind)
    fsspec.filesystem("gs").put(str(recordings), "/in", recursive=True)
    job = BulkJob(operation, ("gs://in/**/*.wav",), "az://out/clean", "hf://datasets/me/ledger")
    assert run_bulk(job).done == 3
    assert run_bulk(job).skipped == 3
    assert not moved
    found = fsspec.filesystem("az").find("/out")
    assert [name.removeprefix("/out/clean/") for name in found] == [
        "a.wav",
        "deep/c.wav",
        "deep/er/d.wav",
    ]
    operation.run(recordings / "a.wav", tmp_path / "a.wav")
    assert fsspec.filesystem("az").cat_file("/out/clean/a.wav") == (tmp_path / "a.wav").read_bytes()
