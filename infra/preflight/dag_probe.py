"""Imports the DAGs and the plugins as Airflow does, and writes what it saw as JSON.

    python -P -m infra.preflight.dag_probe DAGS RESULT

A process of its own: the Airflow that it configures is the environment's, by its variables.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow import plugins_manager
from airflow.configuration import conf
from airflow.dag_processing.dagbag import BundleDagBag


def main(dags: Path, result: Path) -> None:
    """Write the document that `infra.preflight.dags.Seen` reads."""
    plugin_errors = plugins_manager.get_import_errors()
    bag = BundleDagBag(
        dag_folder=dags, bundle_path=dags, bundle_name="dags-folder", collect_dags=False
    )
    bag.collect_dags(dag_folder=dags)
    document = {
        "files": {
            stat.file.lstrip("/"): {"seconds": stat.duration.total_seconds(), "dags": stat.dag_num}
            for stat in bag.dagbag_stats
        },
        "errors": {
            str(Path(file).relative_to(dags) if file.startswith("/") else file): text
            for file, text in bag.import_errors.items()
        },
        "plugin_errors": plugin_errors,
        "sections": {
            section: list(described["options"])
            for section, described in conf.configuration_description.items()
        },
    }
    result.write_text(json.dumps(document))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
