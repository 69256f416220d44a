"""`airflow` with the environment of a component's process, on this machine's own processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.compose import airflow_command
from infra.compose.airflow_command import component_environment

SCRIPT = Path(airflow_command.__file__)


@pytest.fixture
def airflow(tmp_path: Path) -> Path:
    """A command `airflow` that sleeps as a scheduler, and else prints what it was told."""
    path = tmp_path / "airflow"
    path.write_text(
        f"#!{sys.executable}\nimport os, sys, time\n"
        "if sys.argv[1] == 'scheduler':\n    print('runs', flush=True)\n    time.sleep(60)\n"
        "print(*sys.argv[1:], os.environ['TOLD'])\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def scheduler(airflow: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The process id of a scheduler, the only process that is looked at."""
    environment = {"TOLD": "at the\nstart=1", "PATH": str(airflow.parent)}
    with subprocess.Popen(
        [str(airflow), "scheduler"], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"runs\n"
        processes = airflow.parent / "proc"
        processes.mkdir(exist_ok=True)
        (processes / str(process.pid)).symlink_to(f"/proc/{process.pid}")
        monkeypatch.setattr(airflow_command, "PROCESSES", processes)
        yield process.pid
        process.kill()


@pytest.mark.usefixtures("scheduler")
def test_the_environment_is_that_of_the_component() -> None:
    assert component_environment()["TOLD"] == "at the\nstart=1"


@pytest.mark.usefixtures("scheduler")
def test_the_command_runs_with_it(airflow: Path) -> None:
    become = (
        "import sys; from pathlib import Path; from infra.compose import airflow_command as c; "
        f"c.PROCESSES = Path({str(airflow.parent / 'proc')!r}); c.main()"
    )
    said = subprocess.run(
        [sys.executable, "-c", become, "dags", "list"],
        env={"PATH": str(airflow.parent)},
        cwd=SCRIPT.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout == "dags list at the\nstart=1\n", said.stderr


OTHERS = (
    "/usr/local/airflow/.local/bin/python -m infra.container scheduler",
    "/usr/local/airflow/.local/bin/python infra/container/health.py scheduler",
    "/usr/bin/tee --append /usr/local/airflow/logs/components/scheduler-1.log",
    "/usr/local/airflow/.local/bin/python /usr/local/airflow/.local/bin/airflow config list "
    "--section scheduler",
)
"""What else has the name of the component among its words, in its container."""


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = tmp_path / "proc"
    for pid, command in enumerate(OTHERS):
        folder = processes / str(pid)
        folder.mkdir(parents=True)
        (folder / "cmdline").write_text(command.replace(" ", "\0") + "\0")
        (folder / "environ").write_text("TOLD=nothing\0")
    monkeypatch.setattr(airflow_command, "PROCESSES", processes)


@pytest.mark.usefixtures("others")
def test_no_other_process_is_taken_for_the_component() -> None:
    with pytest.raises(LookupError):
        component_environment()


@pytest.mark.usefixtures("others", "scheduler")
def test_the_component_is_found_among_the_others() -> None:
    assert component_environment()["TOLD"] == "at the\nstart=1"


def test_where_the_component_does_not_run_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_command, "PROCESSES", tmp_path)
    with pytest.raises(LookupError, match="the scheduler does not run here yet"):
        component_environment()
