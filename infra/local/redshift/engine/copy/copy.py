"""The statement COPY."""

from __future__ import annotations

import shutil
import uuid
from datetime import UTC, datetime

from infra.local.redshift.engine.copy.json_load import JsonLoad, TooManyErrors
from infra.local.redshift.engine.copy.options import read_options
from infra.local.redshift.engine.copy.parquet_load import ParquetLoad
from infra.local.redshift.engine.errors import RedshiftError
from infra.local.redshift.engine.objects import to_load
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.statements.insert import named_columns
from infra.local.redshift.engine.work import Work


def copy(work: Work) -> Outcome:
    """COPY table [(columns)] FROM 's3://…' IAM_ROLE … FORMAT …

    Raises:
        RedshiftError: rows were refused (they are in stl_load_errors, which keeps them), or
            nothing can be read.
    """
    cursor = work.cursor
    cursor.expect("COPY")
    relation = work.target(*cursor.qualified_name())
    names = cursor.names() if cursor.word == "(" else None
    cursor.expect("FROM")
    uri = cursor.string()
    options = read_options(cursor)
    columns = (
        named_columns(relation, names)
        if names is not None
        else [column for column in relation.columns if column.identity is None]
    )
    work.lock(relation, False)
    objects = to_load(work.s3(options.role_arn), uri, manifest=options.manifest)
    load = (JsonLoad if options.format == "JSON" else ParquetLoad)(work, relation, columns, options)
    query, table = work.loads.next_query(), (relation.oid, relation.name)
    folder = work.scratch / uuid.uuid4().hex
    folder.mkdir(parents=True)
    status = "failed"
    try:
        count = load.load(objects, folder)
        status = "completed"
    except TooManyErrors as error:
        raise RedshiftError(
            f"Load into table '{relation.name}' failed.  Check 'stl_load_errors' system table"
            " for details."
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(load, JsonLoad):
            work.loads.record_errors(load.errors, query=query, table=relation.oid, started=work.now)
        work.loads.record_files(
            load.files, query=query, table=table, started=work.now, ended=datetime.now(UTC),
            status=status,
        )  # fmt: skip
    return Outcome(tag="COPY", row_count=count)
