"""Putting files where a data set looks for them."""

from __future__ import annotations

from pathlib import Path

from lake.dataset import DataSet, DataSetError, find_data_sets, load_data_set

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.steps import Failed, detail
from infra.local.settings import REPOSITORY, LocalSettings

DAGS = REPOSITORY / "dags"
DATA_SETS = DAGS / "datasets"


def find_data_set(name: str) -> DataSet:
    """The data set `<domain>/<table>`.

    Raises:
        Failed: there is no such file, or it is wrong.
    """
    path = DATA_SETS / f"{name}.yaml"
    if not path.is_file():
        found = find_data_sets(DATA_SETS)
        known = ", ".join(p.relative_to(DATA_SETS).with_suffix("").as_posix() for p in found)
        raise Failed(f"no data set {name!r} (dags/datasets/{name}.yaml); there are: {known}")
    try:
        return load_data_set(path)
    except DataSetError as error:
        raise Failed(str(error)) from error


def put(
    paths: list[Path],
    *,
    data_set: DataSet,
    environment: DeployedEnvironment,
    settings: LocalSettings,
) -> list[str]:
    """Upload files under the data set's prefix; gives their keys.

    Raises:
        Failed: a path is no file, or its name is not what the data set looks for.
    """
    keys = {path: f"{data_set.source_prefix}{path.name}" for path in paths}
    for path, key in keys.items():
        if not path.is_file():
            raise Failed(f"{path}: no such file")
        if not data_set.accepts(key):
            raise Failed(
                f"{path.name}: {data_set.domain}/{data_set.table} takes files named "
                f"{data_set.source.pattern}"
            )
    s3 = client("s3", settings)
    for path, key in keys.items():
        s3.upload_file(str(path), environment.landing_bucket, key)
        detail(f"{path} → s3://{environment.landing_bucket}/{key}")
    return list(keys.values())
