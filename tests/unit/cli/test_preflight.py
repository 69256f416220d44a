"""`lake preflight`, from its output and exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.preflight import run
from infra.preflight.cost import Cost, Price
from infra.preflight.result import Result, failed, not_checked, passed, warned


def answer(monkeypatch: pytest.MonkeyPatch, *results: Result) -> None:
    def check(*_: object, **__: object) -> Iterator[Result]:
        yield from results

    monkeypatch.setattr(run, "preflight", check)


def test_what_passes_or_is_warned_of_or_is_not_checked_is_exit_code_0(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer(monkeypatch, passed("a", "fine"), warned("b", "odd", "look"), not_checked("c", "none"))

    said = CliRunner().invoke(app, ["preflight", "dev", "--no-account"])

    assert said.exit_code == 0
    assert "1 pass, 1 warn, 0 fail, 1 not checked" in said.stdout


def test_a_failure_is_exit_code_1_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, passed("a", "fine"), failed("names", "[taken]", "rename it"))

    said = CliRunner().invoke(app, ["preflight", "dev", "--no-account"])

    assert said.exit_code == 1
    assert all(text in said.stdout for text in ("names", "fail", "[taken]", "rename it"))


def test_an_environment_that_is_unknown_is_exit_code_2() -> None:
    said = CliRunner().invoke(app, ["preflight", "nope"])

    assert said.exit_code == 2
    assert "dev, prod" in said.output


def test_an_option_that_is_unknown_is_exit_code_2() -> None:
    assert CliRunner().invoke(app, ["preflight", "dev", "--quickly"]).exit_code == 2


def test_json_is_one_document_for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, failed("names", "taken", "rename it"))

    said = CliRunner().invoke(app, ["preflight", "dev", "--no-account", "--json"])

    assert said.exit_code == 1
    assert json.loads(said.stdout) == {
        "passed": False,
        "results": [
            {"check": "names", "outcome": "fail", "found": "taken", "mend": "rename it"},
        ],
    }


def test_an_account_to_ask_and_not_to_ask_is_exit_code_2() -> None:
    assert CliRunner().invoke(app, ["preflight", "dev", "--aws", "--no-account"]).exit_code == 2


def test_without_an_embedded_aws_it_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_AWS_PORT", "1025")

    said = CliRunner().invoke(app, ["preflight", "dev"])

    assert said.exit_code == 1
    assert "--aws" in str(said.exception)
    assert "--no-account" in str(said.exception)


def test_the_costs_are_a_line_a_resource_with_what_is_unverified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    price = Price(
        price=0.5, unit="hour", date=date(2026, 1, 2), source="https://a.example", unverified=True
    )
    costs = [Cost(resource="MWAA", price=price, low=1, typical=20.5, high=300)]
    monkeypatch.setattr("infra.cli.preflight.monthly_costs", lambda _: costs)

    said = CliRunner().invoke(app, ["cost", "dev"])

    assert said.exit_code == 0
    assert all(text in said.stdout for text in ("MWAA", "20.50", "unverified", "2026-01-02"))
    assert CliRunner().invoke(app, ["cost", "nope"]).exit_code == 2
