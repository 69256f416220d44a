"""What Airflow's REST API has to say before a file counts as parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.sync.parsing import Parsed, Parsing

SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXT = "# airflow dag"


def at(seconds: float) -> str:
    return (SINCE + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def dag(name: str, *, parsed: float, took: float = 0.5, **more: Any) -> dict[str, Any]:
    return {
        "dag_id": name,
        "relative_fileloc": f"{name}.py",
        "last_parsed_time": at(parsed),
        "last_parse_duration": took,
        "has_import_errors": False,
        **more,
    }


def problem(filename: str, *, seen: float) -> dict[str, Any]:
    return {"filename": filename, "timestamp": at(seen), "stack_trace": "ValueError: no\n"}


class Airflow:
    """A REST API that answers a list a page at a time, and one state after the other."""

    def __init__(self, *states: Mapping[str, Any], source: str = TEXT) -> None:
        self.states = list(states)
        self.source = source

    def __call__(self, method: str, path: str, *, query: Mapping[str, Any] | None = None) -> Any:
        assert method == "GET"
        if path.startswith("/dagSources/"):
            return {"content": self.source}
        member = {"/dags": "dags", "/importErrors": "import_errors"}[path]
        found = self.states[0].get(member, [])
        assert query is not None
        if path == "/importErrors" and len(self.states) > 1:
            self.states.pop(0)
        page = found[query["offset"] : query["offset"] + query["limit"]]
        return {member: page, "total_entries": len(found)}


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Parsed, list[str]]]:
    monkeypatch.setattr("infra.sync.parsing.POLL_SECONDS", 0.001)

    def wait(airflow: Airflow, **changes: Any) -> tuple[Parsed, list[str]]:
        wanted: dict[str, Any] = {"files": {"a.py"}, "changed": {}, "deleted": [], "since": SINCE}
        parsing = Parsing(**(wanted | changes))
        parsed = parsing.wait(airflow, timeout_seconds=0.05)
        return parsed, parsing.missing(parsed)

    return wait


def test_a_file_is_parsed_when_airflow_began_to_after_it_had_it(wait: Any) -> None:
    parsed, missing = wait(Airflow({"dags": [dag("a", parsed=1)]}))
    assert (parsed.dag_ids, missing) == ({"a.py": ["a"]}, [])

    parsed, missing = wait(Airflow({"dags": [dag("a", parsed=1, took=2)]}))
    assert (parsed.dag_ids, missing) == ({}, ["a.py"])


def test_what_was_parsed_before_is_waited_for(wait: Any) -> None:
    airflow = Airflow({"dags": [dag("a", parsed=-9)]}, {"dags": [dag("a", parsed=9)]})

    assert wait(airflow)[0].dag_ids == {"a.py": ["a"]}


def test_a_file_that_is_new_itself_has_to_be_the_one_that_airflow_shows(wait: Any) -> None:
    state = {"dags": [dag("a", parsed=1)]}

    assert wait(Airflow(state), changed={"a.py": TEXT})[1] == []
    assert wait(Airflow(state, source="# what was there"), changed={"a.py": TEXT})[1] == ["a.py"]


def test_an_import_error_ends_the_wait_with_its_text(wait: Any) -> None:
    parsed, missing = wait(Airflow({"import_errors": [problem("a.py", seen=1)]}))

    assert (parsed.errors, missing) == ({"a.py": "ValueError: no"}, [])


def test_an_error_of_before_the_change_may_be_mended_by_it(wait: Any) -> None:
    before = {"dags": [dag("a", parsed=1, has_import_errors=True)]}
    before["import_errors"] = [problem("a.py", seen=-1)]
    assert wait(Airflow(before))[1] == ["a.py"]

    after = {"dags": [dag("a", parsed=1)]}
    parsed, missing = wait(Airflow(before, after))
    assert (parsed.errors, missing) == ({}, [])


def test_an_error_of_another_file_is_not_of_the_change(wait: Any) -> None:
    state = {"dags": [dag("a", parsed=1)], "import_errors": [problem("b.py", seen=1)]}

    assert wait(Airflow(state))[0].errors == {}


def test_a_deleted_file_is_gone_when_airflow_shows_none_of_its_dags(wait: Any) -> None:
    wanted = {"files": set(), "deleted": ["old.py"]}
    assert wait(Airflow({"dags": [dag("old", parsed=-9)]}), **wanted)[1] == ["old.py"]
    assert wait(Airflow({"import_errors": [problem("old.py", seen=-9)]}), **wanted)[1] == ["old.py"]

    parsed, missing = wait(Airflow({"dags": [dag("old", parsed=-9)]}, {}), **wanted)
    assert (parsed.gone, missing) == ({"old.py"}, [])


def test_more_dags_than_a_page_holds_are_all_looked_at(wait: Any) -> None:
    dags = [dag(f"d{number}", parsed=1) for number in range(250)]

    assert wait(Airflow({"dags": dags}), files={"d249.py"})[0].dag_ids == {"d249.py": ["d249"]}
