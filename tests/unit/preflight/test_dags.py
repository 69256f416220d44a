"""DAGs and plugins, imported by Airflow before a deploy."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from infra.bundle import Bundle
from infra.preflight import dags
from infra.preflight.dags import File, Seen
from infra.preflight.imports import imported_modules, installed_on_mwaa
from infra.preflight.result import Outcome, Result

DAG = """\
from airflow.sdk import dag

@dag(schedule=None)
def {name}():
    pass

{name}()
"""


def bundle(folder: Path, files: dict[str, str], plugins: dict[str, str] | None = None) -> Bundle:
    (folder / "dags").mkdir()
    for name, text in files.items():
        (folder / "dags" / name).write_text(text)
    with zipfile.ZipFile(folder / "plugins.zip", "w") as archive:
        for name, text in (plugins or {}).items():
            archive.writestr(name, text)
    return Bundle(
        dags=folder / "dags",
        plugins=folder / "plugins.zip",
        requirements=folder / "requirements.txt",
        startup_script=folder / "startup.sh",
    )


def check(built: Bundle, **options: str) -> dict[str, Result]:
    named = {name.replace("__", "."): value for name, value in options.items()}
    results = dags.check_dags(built, options=named, airflow_version="3.3.1")
    return {result.check: result for result in results}


def seen(**changed: object) -> Seen:
    nothing: dict[str, object] = {"files": {}, "errors": {}, "plugin_errors": {}, "sections": {}}
    return Seen.model_validate(nothing | changed)


def test_dags_and_plugins_that_import_pass(tmp_path: Path) -> None:
    built = bundle(tmp_path, {"one.py": DAG.format(name="one")}, {"own.py": "import airflow.sdk\n"})

    results = check(built, core__default_task_retries="2", lake__anything="x")

    assert {name: result.outcome for name, result in results.items()} == {
        "dags: configuration options": Outcome.PASS,
        "dags: plugins": Outcome.PASS,
        "dags: packages": Outcome.PASS,
        "dags: names of options": Outcome.PASS,
        "dags: import": Outcome.PASS,
        "dags: time of import": Outcome.PASS,
    }
    assert results["dags: import"].found == "1 DAGs of 1 files, without an error"


def test_what_does_not_import_is_named_with_its_error(tmp_path: Path) -> None:
    broken = DAG.format(name="two") + "import lake_that_is_not\n"
    built = bundle(
        tmp_path,
        {"one.py": DAG.format(name="one"), "two.py": broken},
        {"own.py": "from airflow.sdk import nothing_of_this_name\n"},
    )

    results = check(built, core__defualt_task_retries="2")

    assert results["dags: import"].outcome is Outcome.FAIL
    assert results["dags: import"].found == (
        "two.py: ModuleNotFoundError: No module named 'lake_that_is_not'"
    )
    assert results["dags: plugins"].outcome is Outcome.FAIL
    assert "own.py: " in results["dags: plugins"].found
    assert "nothing_of_this_name" in results["dags: plugins"].found
    assert results["dags: packages"].outcome is Outcome.FAIL
    assert "lake_that_is_not (two.py:8)" in results["dags: packages"].found
    assert results["dags: names of options"].outcome is Outcome.WARN
    assert "core.defualt_task_retries" in results["dags: names of options"].found


def test_a_folder_without_a_dag_fails(tmp_path: Path) -> None:
    result = check(bundle(tmp_path, {}))["dags: import"]

    assert result.outcome is Outcome.FAIL
    assert result.found == "no DAG in dags/"


def test_a_file_that_airflow_skips_in_silence_fails(tmp_path: Path) -> None:
    (tmp_path / "one.py").touch()
    (tmp_path / "two.py").touch()

    result = dags.imported(tmp_path, seen(files={"one.py": File(seconds=1, dags=1)}))

    assert result.outcome is Outcome.FAIL
    assert result.found == "no DAG in two.py"


def test_plugins_that_are_no_zip_file_fail(tmp_path: Path) -> None:
    built = bundle(tmp_path, {})
    built.plugins.write_text("no zip")

    result = check(built)["dags: plugins"]

    assert result.outcome is Outcome.FAIL
    assert "plugins.zip: File is not a zip file" in result.found


@pytest.mark.parametrize(
    "option", ["core.executor", "metrics.statsd_host", "core.fernet_key", "core.multi_team"]
)
def test_an_option_that_mwaa_sets_itself_fails(option: str) -> None:
    assert dags.refused_options({"core.parallelism": "8"}).outcome is Outcome.PASS

    refused = dags.refused_options({option: "x"})

    assert refused.outcome is Outcome.FAIL
    assert option in refused.found


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(1, Outcome.PASS), (20, Outcome.WARN), (40, Outcome.FAIL)]
)
def test_a_file_that_takes_long_is_named(seconds: float, outcome: Outcome) -> None:
    files = {"slow.py": File(seconds=seconds, dags=1), "quick.py": File(seconds=0.1, dags=1)}

    result = dags.quick(seen(files=files))

    assert result.outcome is outcome
    assert "slow.py" in result.found


def test_dags_that_never_end_fail_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("python", 300)

    monkeypatch.setattr(dags, "look", never)

    result = check(bundle(tmp_path, {}))["dags: import"]

    assert result.outcome is Outcome.FAIL
    assert "not done after" in result.found


def test_another_version_of_airflow_is_not_checked(tmp_path: Path) -> None:
    results = list(dags.check_dags(bundle(tmp_path, {}), options={}, airflow_version="3.0.6"))

    assert results[-1].outcome is Outcome.NOT_CHECKED
    assert results[-1].found == "they need 3.0.6, here is 3.3.1"


def test_a_package_that_only_this_machine_has_fails_also_inside_of_a_task(tmp_path: Path) -> None:
    (tmp_path / "dag.py").write_text("import pandas\ndef task():\n    import polars.io\n")

    result = installed_on_mwaa([tmp_path])

    assert result.outcome is Outcome.FAIL
    assert result.found.endswith(": polars (dag.py:3)")


def test_what_may_be_missing_is_not_an_import(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import json\n")
    (tmp_path / "dag.py").write_text(
        "import own, os\nfrom . import other\n"
        "try:\n    import orjson\nexcept ImportError:\n    orjson = None\n"
        "if TYPE_CHECKING:\n    import mypy_boto3_s3\n"
        "from pandas.core import frame\n"
    )

    assert imported_modules([tmp_path]) == {"pandas": ["dag.py:9"]}
