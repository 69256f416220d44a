"""The upkeep of the models' tables on Athena: small files become few, the old past is forgotten.

A load and an OPTIMIZE of one table may collide: the slower commit is refused, and its task tried
again, when what it has to do is there or little. So it does not matter either that the DAGs of
several domains keep up the tables that all of their runs write to.
"""

from __future__ import annotations

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.sdk import TaskGroup, chain
from lake.models.audit import MODEL_AUDIT
from lake.models.graph import Graph
from lake.models.loads import POLL_SECONDS
from lake.quality.results import QUALITY_RESULTS
from lake.settings import LakeSettings
from lake.targets import TableDefinition

SCHEDULE = "0 2 * * *"
"""At night, in UTC, when the data sets' own upkeep, of midnight, is over as a rule."""


def kept_up(graph: Graph, domain: str) -> tuple[TableDefinition, ...]:
    """The tables of a domain's models, and those that the runs of every domain write to."""
    return (*(node.model.definition for node in graph.of(domain)), MODEL_AUDIT, QUALITY_RESULTS)


def statements(table: TableDefinition) -> dict[str, str]:
    """What is run for a table, by the name of its task.

    The name stands bare: VACUUM takes no double quotes
    (https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html).
    """
    return {
        "optimize": f"OPTIMIZE {table.name} REWRITE DATA USING BIN_PACK",
        "vacuum": f"VACUUM {table.name}",
    }


def keep_up(table: TableDefinition, settings: LakeSettings) -> TaskGroup:
    """The statements for a table, one after the other.

    In AWS, VACUUM deletes so many files at once, and fails while there are more: it is tried again.
    """
    with TaskGroup(table.name, tooltip=table.description) as group:
        chain(
            *(
                AthenaOperator(
                    task_id=task_id,
                    query=sql,
                    database=settings.database,
                    workgroup=settings.workgroup,
                    sleep_time=POLL_SECONDS,
                )
                for task_id, sql in statements(table).items()
            )
        )
    return group
