"""The DAG of a data set, drawn from what its builder makes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from infra.docs.architecture.flowchart import Arrow, Flowchart, Node
from infra.local.mwaa.airflow import as_variables
from infra.local.settings import REPOSITORY

LIMIT_SECONDS = 300
OPTIONS = {
    "core.load_examples": "False",
    "lake.landing_bucket": "landing",
    "lake.curated_bucket": "curated",
    "lake.database": "lake",
    "lake.workgroup": "lake",
    "lake.arrival_queues": "arrivals-",
    "lake.task_slots": "10",
}
"""Of an environment that has nothing but what every one has."""


class Step(BaseModel):
    """A task."""

    model_config = ConfigDict(frozen=True)

    id: str
    what: str
    """What it does, in a line."""
    mapped: bool
    """Whether there may be many of it in a run."""
    runs_when: str
    """Its trigger rule; empty where all before it have to succeed."""
    then: tuple[str, ...]
    """Which tasks wait for it."""
    outlets: tuple[str, ...]
    """The assets that change when it succeeds."""


class Steps(BaseModel):
    """The tasks of a DAG."""

    model_config = ConfigDict(frozen=True)

    dag_id: str
    started_by: tuple[str, ...]
    """Assets."""
    steps: tuple[Step, ...]


class DagError(Exception):
    """The DAG cannot be built; its text is the end of what was said."""


def steps_of(data_set: str) -> Steps:
    """The DAG of `<domain>/<table>`, built by a process that is told nothing of this machine.

    Raises:
        DagError: it cannot be built.
    """
    with TemporaryDirectory(prefix="lake-docs-") as home:
        result = Path(home, "steps.json")
        kept = {name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")}
        done = subprocess.run(
            [sys.executable, "-m", "infra.docs.architecture.dag_probe", data_set, str(result)],
            cwd=REPOSITORY,
            env=kept
            | as_variables(OPTIONS)
            | {"AIRFLOW_HOME": home, "PYTHONPATH": str(REPOSITORY / "plugins")},
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
        if done.returncode:
            raise DagError(done.stderr.strip().rpartition("\n")[2])
        return Steps.model_validate_json(result.read_text(encoding="utf-8"))


def drawn(dag: Steps) -> Flowchart:
    """Its tasks, top down, from what starts it to what it changes."""
    return Flowchart(
        direction="TB", nodes=[*_assets(dag), *map(_node, dag.steps)], arrows=[*_arrows(dag)]
    )


def _assets(dag: Steps) -> Iterator[Node]:
    changed = [name for step in dag.steps for name in step.outlets]
    for name in dict.fromkeys([*dag.started_by, *changed]):
        yield Node(id=f"asset_{name}", lines=("asset", name), shape="stadium")


def _node(step: Step) -> Node:
    lines = [line for line in (step.id, step.what) if line]
    if step.runs_when:
        lines.append(f"({step.runs_when.replace('_', ' ')})")
    return Node(id=step.id, lines=tuple(lines), shape="several" if step.mapped else "box")


def _arrows(dag: Steps) -> Iterator[Arrow]:
    waiting = {name for step in dag.steps for name in step.then}
    first = [step.id for step in dag.steps if step.id not in waiting]
    for name in dag.started_by:
        yield from (Arrow(source=f"asset_{name}", target=each, dotted=True) for each in first)
    for step in dag.steps:
        yield from (Arrow(source=step.id, target=each) for each in step.then)
        for name in step.outlets:
            yield Arrow(source=step.id, target=f"asset_{name}", dotted=True)
