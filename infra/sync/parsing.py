"""Whether Airflow has parsed DAG files since they changed, as its REST API tells."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

POLL_SECONDS = 1.0
PAGE = 100
"""The most that Airflow's REST API lists at once."""


class Airflow(Protocol):
    """Its REST API: a call gives the answer's document."""

    def __call__(self, method: str, path: str, *, query: Mapping[str, Any] | None = None) -> Any:
        """Call it."""


@dataclass
class Parsed:
    """What is known of the files that are waited for."""

    dag_ids: dict[str, list[str]] = field(default_factory=dict)
    """The DAGs of each file that was parsed since."""
    errors: dict[str, str] = field(default_factory=dict)
    """What each file that cannot be imported says."""
    gone: set[str] = field(default_factory=set)
    """The deleted files whose DAGs Airflow has put away."""


@dataclass(frozen=True, kw_only=True)
class Parsing:
    """The DAG files that are waited for."""

    files: Collection[str]
    changed: Mapping[str, str]
    """Those of them that are new themselves, with their text: Airflow has to show it."""
    deleted: Collection[str]
    since: datetime
    """By when Airflow has the files: what began before may have parsed what was there."""

    def wait(self, airflow: Airflow, *, timeout_seconds: float) -> Parsed:
        """Wait until each file is parsed or cannot be imported, and deleted ones are gone.

        What comes back lacks the files for which the time was not enough.
        """
        deadline = time.monotonic() + timeout_seconds
        parsed = Parsed()
        while not self._look(airflow, parsed) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return parsed

    def missing(self, parsed: Parsed) -> list[str]:
        """The files for which the time was not enough."""
        known = {*parsed.dag_ids, *parsed.errors, *parsed.gone}
        return sorted({*self.files, *self.deleted} - known)

    def _look(self, airflow: Airflow, parsed: Parsed) -> bool:
        dags = list(_listed(airflow, "/dags", "dags"))
        problems = list(_listed(airflow, "/importErrors", "import_errors"))
        parsed.errors = {
            problem["filename"]: problem["stack_trace"].strip()
            for problem in problems
            if problem["filename"] in self.files and _time(problem["timestamp"]) > self.since
        }
        for name in set(self.files) - parsed.dag_ids.keys() - parsed.errors.keys():
            of_file = [dag for dag in dags if dag["relative_fileloc"] == name]
            if any(self._is_new(dag, name, airflow) for dag in of_file):
                parsed.dag_ids[name] = sorted(dag["dag_id"] for dag in of_file)
        left = {each["relative_fileloc"] for each in dags}
        left |= {problem["filename"] for problem in problems}
        parsed.gone = set(self.deleted) - left
        return not self.missing(parsed)

    def _is_new(self, dag: Mapping[str, Any], name: str, airflow: Airflow) -> bool:
        if dag["last_parsed_time"] is None or dag["has_import_errors"]:
            return False
        took = timedelta(seconds=dag["last_parse_duration"] or 0)
        if _time(dag["last_parsed_time"]) - took <= self.since:
            return False
        if name not in self.changed:
            return True
        source = airflow("GET", f"/dagSources/{dag['dag_id']}")
        return bool(source["content"] == self.changed[name])


def _listed(airflow: Airflow, path: str, member: str) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        page = airflow("GET", path, query={"limit": PAGE, "offset": offset})
        yield from page[member]
        offset += PAGE
        if offset >= page["total_entries"]:
            return


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
