"""Tables of Iceberg as SHOW and DESCRIBE present them.

Source: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-managing-tables.html
"""

from __future__ import annotations

from pyiceberg.partitioning import PartitionField
from pyiceberg.transforms import BucketTransform, IdentityTransform, TruncateTransform

from infra.local.athena.iceberg.table import IcebergTable

_PROPERTIES = ("optimize_", "vacuum_", "write_target_")
"""How the properties begin that Athena has of its own."""


def properties(table: IcebergTable) -> dict[str, str]:
    """The properties that Athena knows."""
    kept = table.metadata.properties
    return {
        "table_type": "iceberg",
        "format": kept.get("write.format.default", "parquet").lower(),
        "write_compression": kept.get("write.parquet.compression-codec", "zstd").lower(),
        **{name: value for name, value in sorted(kept.items()) if name.startswith(_PROPERTIES)},
    }


def description(table: IcebergTable) -> list[str]:
    """The lines of DESCRIBE: the columns, then how the table is partitioned."""
    schema = table.metadata.schema()
    lines = ["# Table schema:\t\t", "# col_name\tdata_type\tcomment"]
    lines += [f"{each.name}\t{each.hive_type}\t{each.comment}" for each in table.hive_columns()]
    lines += ["\t\t", "# Partition spec:\t\t", "# field_name\tfield_transform\tcolumn_name"]
    for field in table.metadata.spec().fields:
        lines.append(f"{field.name}\t{field.transform}\t{schema.find_column_name(field.source_id)}")
    return lines


def create_statement(table: IcebergTable, name: str) -> list[str]:
    """The lines of SHOW CREATE TABLE."""
    columns = [
        f"  {each.name} {each.hive_type}" + (f" COMMENT '{each.comment}'" if each.comment else "")
        for each in table.hive_columns()
    ]
    lines = [f"CREATE TABLE {name} (", *(f"{each}," for each in columns[:-1]), f"{columns[-1]})"]
    fields = [_partition(table, each) for each in table.metadata.spec().fields]
    lines += [f"PARTITIONED BY ({', '.join(fields)})"] if fields else []
    own = [f"  '{key}'='{value}'" for key, value in properties(table).items()]
    return [
        *lines,
        f"LOCATION '{table.metadata.location}'",
        "TBLPROPERTIES (",
        *(f"{each}," for each in own[:-1]),
        own[-1],
        ")",
    ]


def _partition(table: IcebergTable, field: PartitionField) -> str:
    column = f"`{table.metadata.schema().find_column_name(field.source_id)}`"
    match field.transform:
        case IdentityTransform():
            return column
        case BucketTransform() as bucket:
            return f"bucket({bucket.num_buckets}, {column})"
        case TruncateTransform() as truncate:
            return f"truncate({truncate.width}, {column})"
    return f"{field.transform}({column})"
