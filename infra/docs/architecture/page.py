"""docs/architecture.md: the template's own sections, with what is drawn and counted between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.docs.architecture.dag import Steps, drawn, steps_of
from infra.docs.architecture.encryption import encryption
from infra.docs.architecture.environment import Environment, synthesize
from infra.docs.architecture.pictures import Pictures
from infra.docs.architecture.roles import admissions, rights, roles
from infra.docs.architecture.tables import differences, parts, unused_parts
from infra.environments import ENVIRONMENTS
from infra.local.settings import REPOSITORY

TEMPLATE = Path(__file__).with_name("template.md")
PAGE = REPOSITORY / "docs" / "architecture.md"
DATA_SET = "market/quotes"
"""Whose DAG is drawn: it has checks, and no Spark."""


def page() -> str:
    """The whole page, of every environment as it is synthesized now.

    Raises:
        infra.docs.architecture.dag.DagError: the DAG cannot be built.
    """
    with TemporaryDirectory(prefix="lake-docs-") as folder:
        environments = [
            synthesize(settings, Path(folder, name)) for name, settings in ENVIRONMENTS.items()
        ]
    return filled(environments, steps_of(DATA_SET))


def filled(environments: Sequence[Environment], dag: Steps) -> str:
    """The template with every placeholder replaced."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in _sections(environments, dag).items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    return text


def _sections(environments: Sequence[Environment], dag: Steps) -> Mapping[str, str]:
    pictures = Pictures(environments)
    return {
        "overview": str(pictures.overview),
        "order": str(pictures.order),
        "stacks": "\n\n".join(
            f"### The {name} stack\n\n{pictures.stack(name)}" for name in pictures.names
        ),
        "data set": DATA_SET,
        "dag id": dag.dag_id,
        "dag": str(drawn(dag)),
        "parts": parts(environments),
        "unused parts": unused_parts(environments),
        "differences": differences(environments),
        "encryption": encryption(environments),
        "roles": roles(environments),
        "rights": rights(environments),
        "admissions": admissions(environments),
    }
