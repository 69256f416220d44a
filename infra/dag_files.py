"""The DAG file of each data set, written into the bundle: adding a data set is adding one file.

Airflow keeps one import error a DAG file, and schedules no DAG of a file that has one. With a file
of its own, a data set that is wrong shows its own error and takes no other down.
"""

from __future__ import annotations

from pathlib import Path

DAG_FILE = '''\
"""The Airflow DAGs of the data set {name}, declared in datasets/{name}.yaml."""

from lake.dag import build_dags

load, backfill, maintenance = build_dags("{name}")
'''


def write_dag_files(dags: Path) -> list[Path]:
    """Write `<domain>_<table>.py` into the folder `dags` for each `datasets/<domain>/<table>.yaml`.

    Returns the files, sorted.

    Raises:
        FileExistsError: a DAG file of that name is there already.
    """
    data_sets = dags / "datasets"
    written = []
    for path in sorted(data_sets.rglob("*.yaml")):
        name = path.relative_to(data_sets).with_suffix("").as_posix()
        dag_file = dags / f"{name.replace('/', '_')}.py"
        with dag_file.open("x") as file:
            file.write(DAG_FILE.format(name=name))
        written.append(dag_file)
    return written
