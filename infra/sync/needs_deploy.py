"""What a sync does not bring: parts that an environment runs at a version, and resources."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from lake.dataset import DataSet

from infra.bundle import Bundle
from infra.settings import EnvironmentSettings


def versioned_parts(
    environment: Mapping[str, Any], *, bundle: Bundle, s3: Any, bucket: str
) -> Iterator[str]:
    """The parts of the bundle that are not what the MWAA environment runs, a line each."""
    parts = {
        "Plugins": bundle.plugins,
        "Requirements": bundle.requirements,
        "StartupScript": bundle.startup_script,
    }
    for part, path in parts.items():
        key = environment.get(f"{part}S3Path")
        if key is None:
            yield f"{path.name}: the environment has none"
            continue
        version = environment.get(f"{part}S3ObjectVersion")
        where = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        if not _is_same(path, s3, where):
            yield f"{path.name} differs from what the environment runs ({key})"


def arrivals(
    data_sets: Collection[DataSet], *, landing: str, s3: Any, settings: EnvironmentSettings
) -> Iterator[str]:
    """The data sets of whose files S3 does not tell anybody yet, a line each."""
    told = s3.get_bucket_notification_configuration(Bucket=landing)
    prefixes = {
        (each["QueueArn"].rpartition(":")[2], rule["Value"])
        for each in told.get("QueueConfigurations", [])
        for rule in each.get("Filter", {}).get("Key", {}).get("FilterRules", [])
        if rule["Name"].lower() == "prefix"
    }
    for data_set in data_sets:
        queue = f"{settings.arrival_queues}{data_set.table_name}"
        if (queue, data_set.source_prefix) not in prefixes:
            yield (
                f"{data_set.domain}/{data_set.table} is loaded on arrival, and S3 tells nobody of "
                f"files below {data_set.source_prefix} (queue {queue}); its sweep loads them"
            )


def _is_same(path: Path, s3: Any, where: Mapping[str, str]) -> bool:
    size = path.stat().st_size
    if s3.head_object(**where)["ContentLength"] != size:
        return False
    start = _directory(path)
    with s3.get_object(**where, **({"Range": f"bytes={start}-"} if start else {}))["Body"] as body:
        return bool(body.read() == path.read_bytes()[start:])


def _directory(path: Path) -> int:
    """Where the directory of a ZIP file begins, which has each member's CRC-32 and size.

    With wheels in it, plugins.zip is too large to be fetched whenever somebody syncs.
    """
    if path.suffix != ".zip":
        return 0
    with zipfile.ZipFile(path) as archive:
        return archive.start_dir
