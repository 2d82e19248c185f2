"""S3, as a real HTTP server on this machine has it: moto's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aeolia import Denoise
from aeolia.bulk.job import BulkJob, run_bulk
from aeolia.bulk.listing import Source
from aeolia.bulk.stores import Place
from aeolia.errors import InputError

pytest.importorskip("s3fs", reason="the store's own package")
server = pytest.importorskip("moto.server", reason="pip install 'moto[server]'")


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A file system of s3fs with an empty bucket, bucket."""
    import s3fs

    thread = server.ThreadedMotoServer(port=0, verbose=False)
    thread.start()
    host, port = thread.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()
        store = s3fs.S3FileSystem()
        store.mkdir("bucket")
        yield store
        s3fs.S3FileSystem.clear_instance_cache()
    thread.stop()


def test_from_bucket_to_bucket_and_again(
    s3: Any, recordings: Path, operation: Denoise, tmp_path: Path
) -> None:
    """The outputs are those of files, in processes of their own, and nothing else is left."""
    s3.put(str(recordings), "bucket/in", recursive=True)
    job = BulkJob(operation, ("s3://bucket/in",), "s3://bucket/out", "s3://bucket/l", workers=1)
    assert run_bulk(job).done == 4
    s3.put_file(str(recordings / "b.flac"), "bucket/in/new.flac")
    again = run_bulk(job)
    assert (again.done, again.skipped) == (1, 4)
    names = [key.removeprefix("bucket/out/") for key in s3.find("bucket/out")]
    assert sorted(names) == ["a.wav", "b.flac", "deep/c.wav", "deep/er/d.wav", "new.flac"]
    operation.run(recordings / "deep" / "c.wav", tmp_path / "c.wav")
    assert s3.cat_file("bucket/out/deep/c.wav") == (tmp_path / "c.wav").read_bytes()


def test_keys_come_by_pages(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeolia.bulk.listing._BATCH", 10)
    for number in range(25):
        s3.pipe_file(f"bucket/many/{number:02d}.wav", b"x")
    found = list(Source("s3://bucket/many", (".wav",)))
    assert [one.name for one in found] == [f"{number:02d}.wav" for number in range(25)]
    assert found[0].version == f"1:{s3.info('bucket/many/00.wav')['ETag']}"
    assert not s3.dircache.get("bucket/many")  # which would keep all names


def test_an_upload_that_breaks_off_leaves_nothing(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of several parts, of which the last does not arrive."""
    import s3fs

    large = tmp_path / "large.wav"
    large.write_bytes(bytes(120 << 20))
    call = s3fs.S3FileSystem._call_s3

    async def breaking(self: Any, method: str, *rest: Any, **options: Any) -> Any:
        if method == "upload_part" and options.get("PartNumber") == 2:
            raise ConnectionError("gone")
        return await call(self, method, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(s3fs.S3FileSystem, "_call_s3", breaking)
        with pytest.raises(InputError, match="does not answer"):
            Place("s3://bucket/whole/large.wav").put(large)
    s3.invalidate_cache()
    assert not s3.exists("bucket/whole/large.wav")
    assert not s3.call_s3("list_multipart_uploads", Bucket="bucket").get("Uploads")
    Place("s3://bucket/whole/large.wav").put(large)
    assert s3.info("bucket/whole/large.wav")["size"] == large.stat().st_size


def test_buckets_that_are_not_there_and_servers_that_do_not_answer(
    s3: Any, recordings: Path, operation: Denoise, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(**changes: str) -> None:
        usual = {"output": "s3://bucket/o", "ledger": "s3://bucket/l2"}
        run_bulk(BulkJob(operation, (str(recordings),), **{**usual, **changes}))

    with pytest.raises(InputError, match="s3://nobody/in: nothing is there"):
        run_bulk(BulkJob(operation, ("s3://nobody/in",), "s3://bucket/o", "s3://bucket/l2"))
    with pytest.raises(InputError, match="s3://nobody/l/job.json: its bucket is not there"):
        run(ledger="s3://nobody/l")
    with pytest.raises(InputError, match="s3://nobody/o/.*: its bucket is not there; make it"):
        run(output="s3://nobody/o")
