"""Calls of Airflow's REST API that are not answered in time, and what follows runs does then."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.cli.runs import Runs
from infra.cli.steps import Failed
from infra.local.settings import LocalSettings

from .test_lake import ENVIRONMENT


class WebServer:
    """MWAA's InvokeRestApi, whose first calls end with these statuses of Airflow's."""

    def __init__(self, *refusals: int) -> None:
        self.refusals = list(refusals)
        self.called: list[dict[str, Any]] = []

    def invoke_rest_api(self, **call: Any) -> dict[str, Any]:
        self.called.append(call)
        if self.refusals:
            answer: Any = {
                "Error": {"Code": "RestApiServerException"},
                "RestApiStatusCode": self.refusals.pop(0),
            }
            raise ClientError(answer, "InvokeRestApi")
        return {"RestApiResponse": {}}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cli.rest.time.sleep", lambda _: None)


def runs_over(web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setattr("infra.cli.rest.client", lambda *_: web_server)
    return Runs(environment=ENVIRONMENT, settings=LocalSettings(), dag_id="market_quotes")


def test_a_web_server_that_is_too_busy_to_answer_is_called_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web_server = WebServer(504, 504)
    runs_over(web_server, monkeypatch).wait_until_parsed(timeout_seconds=5)
    assert [call["Path"] for call in web_server.called] == ["/dags/market_quotes"] * 3


def test_a_web_server_that_never_answers_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = runs_over(WebServer(*[504] * 100), monkeypatch)
    with pytest.raises(Failed, match=r"has not answered GET /dags/market_quotes in 10 calls"):
        runs.wait_until_parsed(timeout_seconds=5)


def test_a_question_that_airflow_fails_at_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    web_server = WebServer(500)
    runs_over(web_server, monkeypatch).wait_until_parsed(timeout_seconds=5)
    assert len(web_server.called) == 2


def test_what_airflow_fails_at_is_said_in_one_line_and_not_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web_server = WebServer(500)
    with pytest.raises(Failed, match=r"failed at POST /backfills: see `lake logs lake-dev.api-"):
        runs_over(web_server, monkeypatch).start_backfill(date(2024, 1, 2), date(2024, 1, 3))
    assert len(web_server.called) == 1


def test_a_trigger_whose_answer_was_lost_is_not_a_second_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web_server = WebServer(504, 409)
    run_id = runs_over(web_server, monkeypatch).trigger()
    assert {call["Body"]["dag_run_id"] for call in web_server.called} == {run_id}


def test_a_backfill_beside_another_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = runs_over(WebServer(409), monkeypatch)
    with pytest.raises(Failed, match="a backfill of market_quotes runs already"):
        runs.start_backfill(date(2024, 1, 2), date(2024, 1, 3))
