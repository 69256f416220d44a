"""Tokens of the web server."""

from __future__ import annotations

import time

import pytest

from infra.local.mwaa.tokens import Tokens


def test_a_login_token_serves_once() -> None:
    tokens = Tokens()
    token = tokens.issue("web", "viewer")
    assert tokens.redeem("web", token) == "viewer"
    assert not tokens.redeem("web", token)


def test_a_command_lines_token_serves_for_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    tokens = Tokens()
    token = tokens.issue("cli", "admin")
    now[0] += 59
    assert tokens.redeem("cli", token) == "admin"
    now[0] += 2
    assert not tokens.redeem("cli", token)


def test_a_token_serves_for_what_it_was_issued_only() -> None:
    tokens = Tokens()
    assert not tokens.redeem("cli", tokens.issue("web", "viewer"))
    assert not tokens.redeem("web", "invented")
