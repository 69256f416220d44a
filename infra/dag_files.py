"""The DAG files, written into the bundle: adding a data set or a model is adding one file.

Airflow keeps one import error a DAG file, and schedules no DAG of a file that has one. With a file
of its own, a data set that is wrong shows its own error and takes no other down. The models of a
domain are one DAG, and so one file.
"""

from __future__ import annotations

from pathlib import Path

DATA_SET_FILE = '''\
"""The Airflow DAGs of the data set {name}, declared in datasets/{name}.yaml."""

from lake.dag import build_dags

load, backfill, maintenance = build_dags("{name}")
'''

MODELS_FILE = '''\
"""The Airflow DAGs of the models in models/{domain}/."""

from lake.models.dag import build_model_dags

for dag in build_model_dags("{domain}"):
    globals()[dag.dag_id] = dag
'''


def write_dag_files(dags: Path) -> list[Path]:
    """Write a file for each data set and for each domain of models into the folder `dags`.

    `datasets/<domain>/<table>.yaml` becomes `<domain>_<table>.py`, and the files of
    `models/<domain>/` become `<domain>_models.py`. Returns the files, sorted.

    Raises:
        FileExistsError: a DAG file of that name is there already.
    """
    data_sets, models = dags / "datasets", dags / "models"
    texts = {}
    for path in data_sets.rglob("*.yaml"):
        name = path.relative_to(data_sets).with_suffix("").as_posix()
        texts[f"{name.replace('/', '_')}.py"] = DATA_SET_FILE.format(name=name)
    domains = {path.parent.name for path in models.rglob("*.sql")}
    if taken := sorted(name for name in (f"{d}_models.py" for d in domains) if name in texts):
        raise FileExistsError(
            f"{taken[0]}: a data set's DAG file has the name of a domain's models"
        )
    texts |= {f"{d}_models.py": MODELS_FILE.format(domain=d) for d in domains}
    for name, text in texts.items():
        with (dags / name).open("x") as file:
            file.write(text)
    return sorted(dags / name for name in texts)
