"""An environment goes from Airflow 3.0.6 to 3.3.1 in place, with all that it knows."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.mwaa.validation import image_version
from tests.embedded.mwaa.laptop import Laptop, wait_until

pytestmark = pytest.mark.embedded

NAME = "lake-test"
ADD = """
from airflow.sdk import dag, task


@dag(schedule=None, is_paused_upon_creation=False)
def add() -> None:
    @task
    def one() -> int:
        return 1

    one()


add()
"""
OLD = "3.0.6"
NEW = image_version()


@pytest.fixture(scope="module")
def old_run(laptop: Laptop) -> str:
    """A run of an environment of the old version that has a variable and a connection."""
    laptop.put("dags/add.py", ADD)
    laptop.mwaa.create_environment(Name=NAME, **laptop.request(AirflowVersion=OLD))
    created = laptop.settled(NAME)
    assert created["Status"] == "AVAILABLE", created["LastUpdate"]
    assert created["AirflowVersion"] == OLD
    assert _running_version(laptop) == OLD
    laptop.rest("POST", "/variables", {"key": "mine", "value": "kept"})
    laptop.rest(
        "POST", "/connections", {"connection_id": "db", "conn_type": "http", "password": "secret"}
    )
    wait_until(lambda: laptop.rest("GET", "/dags")["total_entries"] == 1, seconds=60)
    return laptop.run("add")


def _running_version(laptop: Laptop) -> str:
    return str(laptop.rest("GET", "/version")["version"])


def _history(laptop: Laptop) -> dict[str, str]:
    return {
        run["dag_run_id"]: run["state"]
        for run in laptop.rest("GET", "/dags/add/dagRuns")["dag_runs"]
    }


def test_what_mwaa_refuses_is_refused_at_once(laptop: Laptop, old_run: str) -> None:
    assert old_run
    refusals: list[tuple[Any, str]] = [
        ({"AirflowVersion": NEW, "WorkerReplacementStrategy": "GRACEFUL"}, "FORCED before it"),
        ({"AirflowVersion": "3.1.0"}, "is not on this laptop"),
    ]
    for request, said in refusals:
        with pytest.raises(ClientError, match=said):
            laptop.mwaa.update_environment(Name=NAME, **request)
    assert laptop.environment(NAME)["Status"] == "AVAILABLE"


def test_an_upgrade_whose_airflow_does_not_start_goes_back(laptop: Laptop, old_run: str) -> None:
    before = _history(laptop)
    laptop.mwaa.update_environment(
        Name=NAME, AirflowVersion=NEW, AirflowConfigurationOptions={"triggerer.capacity": "many"}
    )
    update = laptop.settled(NAME)
    assert update["LastUpdate"]["Status"] == "FAILED"
    assert "triggerer keeps dying" in update["LastUpdate"]["Error"]["ErrorMessage"]
    assert update["AirflowVersion"] == _running_version(laptop) == OLD
    assert _history(laptop) == before
    assert laptop.result("add", old_run, "one") == 1


def test_an_upgrade_keeps_runs_variables_and_connections(laptop: Laptop, old_run: str) -> None:
    before = _history(laptop)
    laptop.mwaa.update_environment(Name=NAME, AirflowVersion=NEW)
    update = laptop.settled(NAME)
    assert update["LastUpdate"]["Status"] == "SUCCESS", update["LastUpdate"]
    assert update["AirflowVersion"] == _running_version(laptop) == NEW
    assert update["LastUpdate"]["WorkerReplacementStrategy"] == "FORCED"
    assert laptop.rest("GET", "/variables/mine")["value"] == "kept"
    assert laptop.rest("GET", "/connections/db")["conn_type"] == "http"
    assert _history(laptop) == before
    assert laptop.result("add", old_run, "one") == 1
    new_run = laptop.run("add")
    assert _history(laptop) == {**before, new_run: "success"}
    folder = laptop.home / "environments" / NAME
    assert not list(folder.rglob("before-migration"))


def test_graceful_is_taken_after_it_and_the_way_back_is_refused(
    laptop: Laptop, old_run: str
) -> None:
    assert old_run
    laptop.mwaa.update_environment(Name=NAME, MinWorkers=1, WorkerReplacementStrategy="GRACEFUL")
    update = laptop.settled(NAME)
    assert update["LastUpdate"]["Status"] == "SUCCESS", update["LastUpdate"]
    assert update["LastUpdate"]["WorkerReplacementStrategy"] == "GRACEFUL"
    with pytest.raises(ClientError, match=f"back from {NEW} to {OLD}"):
        laptop.mwaa.update_environment(Name=NAME, AirflowVersion=OLD)
