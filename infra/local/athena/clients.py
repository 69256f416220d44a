"""The AWS clients of one caller: what he may not do, his queries may not do."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(
    s3={"addressing_style": "path"},
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=16,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls: an access key, and the session token of a temporary one."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class Clients:
    """Clients of one caller, each made when it is first used."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make

    @cached_property
    def s3(self) -> S3Client:
        """S3 in the caller's name."""
        client: S3Client = self._make("s3")
        return client

    @cached_property
    def glue(self) -> GlueClient:
        """Glue in the caller's name."""
        client: GlueClient = self._make("glue")
        return client

    @cached_property
    def athena(self) -> AthenaClient:
        """Athena's other operations (work groups) in the caller's name."""
        client: AthenaClient = self._make("athena")
        return client


class ClientFactory:
    """Makes the clients of callers, and keeps those of the last ones.

    All come from one session, which reads the description of a service once.
    """

    KEPT = 32

    def __init__(self, *, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._session = boto3.session.Session(region_name=region)
        self._clients: OrderedDict[Credentials, Clients] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Lock()  # a session is not thread-safe, its clients are

    def of(self, caller: Credentials) -> Clients:
        """The clients that sign as `caller`."""

        def make(service: str) -> Any:
            with self._making:
                return self._session.client(  # type: ignore[call-overload] # by name
                    service,
                    endpoint_url=self._endpoint,
                    aws_access_key_id=caller.access_key_id,
                    aws_secret_access_key=caller.secret_access_key,
                    aws_session_token=caller.session_token,
                    config=_CONFIG,
                )

        with self._lock:
            if caller not in self._clients:
                self._clients[caller] = Clients(make)
                if len(self._clients) > self.KEPT:
                    self._clients.popitem(last=False)
            self._clients.move_to_end(caller)
            return self._clients[caller]
