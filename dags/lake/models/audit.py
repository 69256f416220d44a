"""The audit table of the models: how many rows each step read and wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lake.dataset.column import Column
from lake.models.graph import Graph, Node
from lake.models.statements import days_in_sql, identifier
from lake.targets import TableDefinition, Target

MODEL_AUDIT = TableDefinition(
    name="model_audit",
    folder="_tables/model_audit/",
    description="Rows by step of each run of the models: what a model read, and what it has then",
    columns=(
        Column(name="dag_id", type="string", description="DAG of the run"),
        Column(name="run_id", type="string", description="Run"),
        Column(name="step", type="string", description="Table of the model that was computed"),
        Column(name="relation", type="string", description="Table whose rows are counted"),
        Column(name="role", type="string", description="read or written"),
        Column(
            name="day",
            type="date",
            nullable=True,
            description="Day of the rows; NULL where the whole table is counted",
        ),
        Column(name="row_count", type="bigint", description="Rows of that day or table"),
        Column(name="recorded_at", type="timestamp", description="When they were counted, in UTC"),
    ),
    partitioning=("month(recorded_at)",),
)


def audit(
    node: Node, graph: Graph, *, target: Target, days: Sequence[str], dag_id: str, run_id: str
) -> None:
    """Count the rows of what a model read and wrote, in one scan each, and keep the counts.

    A run that counts a second time keeps what it counted first.
    """
    counts = " UNION ALL ".join(_counts(node, graph, days))
    target.ensure(MODEL_AUDIT)
    dag, run = (text.replace("'", "''") for text in (dag_id, run_id))
    names = ", ".join(identifier(column.name) for column in MODEL_AUDIT.columns)
    target.execute(
        f"INSERT INTO model_audit ({names}) "
        f"SELECT '{dag}', '{run}', '{node.table}', relation, role, day, row_count, "
        "CAST(current_timestamp AS timestamp(6)) "
        f"FROM ({counts}) AS counts "
        "WHERE NOT EXISTS (SELECT 1 FROM model_audit "
        f"WHERE dag_id = '{dag}' AND run_id = '{run}' AND step = '{node.table}')"
    )


def _counts(node: Node, graph: Graph, days: Sequence[str]) -> Iterator[str]:
    for table, role in (
        *((table, "read") for table in sorted(node.query.reads)),
        (node.table, "written"),
    ):
        column = graph.day_column(table) if node.model.by_day else None
        yield _count(table, role, column, days)


def _count(table: str, role: str, column: str | None, days: Iterable[str]) -> str:
    labels = f"SELECT '{table}' AS relation, '{role}' AS role"
    if column is None:
        return (
            f"{labels}, CAST(NULL AS date) AS day, count(*) AS row_count FROM {identifier(table)}"
        )
    day = identifier(column)
    return (
        f"{labels}, {day} AS day, count(*) AS row_count FROM {identifier(table)} "
        f"WHERE {day} IN ({days_in_sql(days)}) GROUP BY {day}"
    )
