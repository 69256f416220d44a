from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
PLUGIN = PLUGINS / "lake_console.py"
LOAD = """
import json
from airflow import plugins_manager
names = [plugin["name"] for plugin in plugins_manager.get_plugin_info()]
print(json.dumps([names, plugins_manager.get_import_errors()]))
"""


def links() -> list[dict[str, str]]:
    """The links of the plugin, executed as Airflow does, in the environment as it is now."""
    spec = importlib.util.spec_from_file_location(PLUGIN.stem, PLUGIN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    views: list[dict[str, str]] = module.LakeConsolePlugin.external_views
    return views


def test_it_links_to_the_tables_and_the_query_editor_of_its_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AIRFLOW__LAKE__DATABASE", "lake_dev")
    console = "https://eu-west-1.console.aws.amazon.com"
    assert {link["name"]: link["href"] for link in links()} == {
        "Tables in Glue": f"{console}/glue/home?region=eu-west-1"
        "#/v2/data-catalog/databases/view/lake_dev",
        "Query in Athena": f"{console}/athena/home?region=eu-west-1#/query-editor",
    }


def test_it_links_nowhere_where_aws_has_no_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert links() == []


def test_airflow_loads_it_without_a_warning(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-W", "default", "-c", LOAD],
        env={
            "PATH": os.environ["PATH"],
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
            "AWS_REGION": "eu-west-1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    output = process.stdout + process.stderr
    assert PLUGIN.stem not in output.replace(f'"{PLUGIN.stem}"', ""), "a warning names the plugin"
    names, errors = json.loads(process.stdout.splitlines()[-1])
    assert PLUGIN.stem in names
    assert errors == {}
