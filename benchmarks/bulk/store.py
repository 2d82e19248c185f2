"""A job from and to S3, which moto's server plays over HTTP on this machine."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bulk.recordings import bulk, contents, environment, rows, run, write_recordings

__all__ = ["measure"]


def measure(number: int = 200, seconds: float = 10.0) -> dict[str, Any]:
    """Seconds of work for a file, of folders and of buckets, and whether the outputs are equal."""
    import s3fs
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        source = write_recordings(top / "in", number, seconds)
        run(bulk("-i", str(source), "-o", str(top / "out"), "-l", str(top / "l1"), "-j", "1"))
        env = environment(
            AWS_ENDPOINT_URL=url,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION="us-east-1",
        )
        store = s3fs.S3FileSystem(key="test", secret="test", endpoint_url=url)
        store.mkdir("calls")
        store.put(str(source), "calls/in", recursive=True)
        places = ["-i", "s3://calls/in", "-o", "s3://calls/out", "-l", str(top / "l2"), "-j", "1"]
        run(bulk(*places), env=env)
        store.get("calls/out", str(top / "back"), recursive=True)
        same = contents(top / "out") == contents(top / "back")
        works = [[row["wall_seconds"] for row in rows(top / name)] for name in ("l1", "l2")]
    server.stop()
    folder_ms, bucket_ms = (1000 * sum(work) / len(work) for work in works)
    return {
        "files": number,
        "seconds": seconds,
        "megabytes": 32e3 * seconds / 1e6,
        "folder_ms": folder_ms,
        "bucket_ms": bucket_ms,
        "same": same,
    }
