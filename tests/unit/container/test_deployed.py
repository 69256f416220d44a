"""What the containers tell each other."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from infra.container import health
from infra.container.deployed import (
    ALIVE_SECONDS,
    DOCUMENT,
    KEPT_SECONDS,
    Deployed,
    Report,
    awaited,
    discard_old_reports,
    reports,
    withdraw,
)


def report(component: str, *, generation: str = "1", problem: str = "") -> Report:
    return Report(component=component, container="c1", generation=generation, problem=problem)


@pytest.mark.usefixtures("volume")
def test_what_is_published_is_read_until_it_is_withdrawn(deployed: Deployed) -> None:
    assert Deployed.read() is None
    deployed.publish()
    assert Deployed.read() == deployed
    withdraw()
    assert Deployed.read() is None


def test_nobody_else_can_read_the_token(volume: Path, deployed: Deployed) -> None:
    deployed.publish()
    assert (volume / "environment.json").stat().st_mode & 0o077 == 0


def test_the_bundle_is_that_of_the_build(volume: Path, deployed: Deployed) -> None:
    bundle = deployed.bundle()
    assert bundle.dags == volume / "dags"
    assert bundle.plugins == volume / "builds" / "abc" / "plugins"
    assert bundle.requirements.parent == bundle.startup_script.parent == bundle.plugins.parent


@pytest.mark.usefixtures("volume")
def test_reports_are_those_of_the_generation() -> None:
    report("worker").write()
    report("scheduler", generation="0").write()
    assert [each.component for each in reports("1")] == ["worker"]


def test_a_container_that_has_gone_counts_no_more(volume: Path) -> None:
    report("worker").write()
    (path,) = (volume.parent / "reports").iterdir()
    long_ago = time.time() - ALIVE_SECONDS - 1
    os.utime(path, (long_ago, long_ago))
    assert list(reports("1")) == []

    report("worker").repeat()
    assert [each.component for each in reports("1")] == ["worker"]


def test_long_after_a_container_has_gone_its_report_is_discarded(volume: Path) -> None:
    folder = volume.parent / "reports"
    for name in ("worker", "scheduler"):
        report(name).write()
    (folder / "worker-c1.json.partial").write_text("{")  # killed in the middle
    long_ago = time.time() - KEPT_SECONDS - 1
    for path in folder.glob("worker-*"):
        os.utime(path, (long_ago, long_ago))
    discard_old_reports()
    assert [path.name for path in folder.iterdir()] == ["scheduler-c1.json"]


@pytest.mark.usefixtures("volume")
def test_a_container_that_slept_so_long_reports_again() -> None:
    report("worker").repeat()
    assert [each.component for each in reports("1")] == ["worker"]


def test_what_another_version_wrote_is_nothing_and_the_file_is_named(
    volume: Path, deployed: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    assert "cdk deploy" in awaited()
    deployed.publish()
    path = volume / "environment.json"
    path.write_text(path.read_text().replace("generation", "number"))
    assert Deployed.read() is None
    assert str(path) in awaited()
    assert "lake compose down --volumes" in awaited()

    other = volume.parent / "reports" / "worker-c2.json"
    other.write_text('{"component": "worker", "state": "well"}')
    report("worker").write()
    assert len(list(reports("1"))) == 1
    discard_old_reports()
    assert not other.exists()
    assert str(other) in caplog.text


def test_the_health_checks_look_for_the_same_document() -> None:
    assert DOCUMENT == health.DEPLOYED


def test_without_an_environment_a_component_is_idle_and_healthy(
    volume: Path, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(health.PAGES, "scheduler", "http://127.0.0.1:9/nobody")
    assert health.problem("scheduler") == ""
    deployed.publish()
    assert volume.exists()
    with pytest.raises(OSError, match="refused"):
        health.problem("scheduler")
