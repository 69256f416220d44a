"""How Hive names the formats of files: classes that read, write and (de)serialize them."""

from __future__ import annotations

from dataclasses import dataclass

TEXT_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
JSON_SERDE = "org.apache.hive.hcatalog.data.JsonSerDe"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One format of `STORED AS`."""

    input_format: str
    output_format: str
    serde: str


_HIVE = "org.apache.hadoop.hive.ql.io"
TEXTFILE = FileFormat(
    "org.apache.hadoop.mapred.TextInputFormat",
    f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
    TEXT_SERDE,
)
PARQUET = FileFormat(
    f"{_HIVE}.parquet.MapredParquetInputFormat",
    f"{_HIVE}.parquet.MapredParquetOutputFormat",
    f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
)
JSON = FileFormat(TEXTFILE.input_format, TEXTFILE.output_format, JSON_SERDE)
FORMATS = {
    "TEXTFILE": TEXTFILE,
    "PARQUET": PARQUET,
    "JSONFILE": JSON,
    "ORC": FileFormat(
        f"{_HIVE}.orc.OrcInputFormat", f"{_HIVE}.orc.OrcOutputFormat", f"{_HIVE}.orc.OrcSerde"
    ),
    "AVRO": FileFormat(
        f"{_HIVE}.avro.AvroContainerInputFormat",
        f"{_HIVE}.avro.AvroContainerOutputFormat",
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
    ),
    "SEQUENCEFILE": FileFormat(
        "org.apache.hadoop.mapred.SequenceFileInputFormat",
        f"{_HIVE}.HiveSequenceFileOutputFormat",
        TEXT_SERDE,
    ),
    "RCFILE": FileFormat(
        f"{_HIVE}.RCFileInputFormat",
        f"{_HIVE}.RCFileOutputFormat",
        "org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe",
    ),
}
