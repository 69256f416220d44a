"""An S3 on this machine, for contenders that read nothing else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import boto3
from moto.server import ThreadedMotoServer

_BUCKET = "bench"


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A bucket that processes started while it stands can read."""

    endpoint: str

    def put(self, path: Path) -> str:
        """Upload a file; gives its address."""
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=_BUCKET)
        s3.upload_file(str(path), _BUCKET, path.name)
        return f"s3://{_BUCKET}/{path.name}"


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """An empty S3, with the environment's variables that lead to it."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it would print every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",  # of nothing
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    try:
        with patch.dict(os.environ, clean | variables, clear=True):
            yield ObjectStore(endpoint)
    finally:
        server.stop()
