"""A deployed lake as the tests of both routes ask it: AWS's clients, Athena, Airflow's REST API."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.query import query
from infra.local.settings import LocalSettings

ARCHIVE = "_archive/"


@dataclass(frozen=True, kw_only=True)
class DeployedLake:
    """The environment `dev`, behind an embedded AWS."""

    settings: LocalSettings

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS, as root."""
        return client(service, self.settings)

    @property
    def environment(self) -> DeployedEnvironment:
        """The deployed environment."""
        return DeployedEnvironment.read("dev", self.settings)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What Athena answers."""
        return list(query(sql, environment=self.environment, settings=self.settings).rows)

    def landed(self) -> list[str]:
        """The keys in the landing bucket, but those of the archive."""
        return [key for key in self._landing_keys() if not key.startswith(ARCHIVE)]

    def archived(self) -> list[str]:
        """The keys that the archived originals landed under."""
        keys = [key for key in self._landing_keys() if key.startswith(ARCHIVE)]
        return [key.removeprefix(ARCHIVE) for key in keys]

    def _landing_keys(self) -> list[str]:
        pages = (
            self.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.environment.landing_bucket)
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def airflow(self, method: str, path: str, **more: Any) -> Any:
        """One call of Airflow's REST API through MWAA."""
        answer = self.client("mwaa").invoke_rest_api(
            Name=self.environment.name, Method=method, Path=path, **more
        )
        return answer["RestApiResponse"]


def wait_for(condition: Callable[[], Any], *, timeout_seconds: float, what: str) -> Any:
    """Wait until `condition` gives something true, and give it."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.5)
    raise AssertionError(f"not within {timeout_seconds:.0f} s: {what}")
