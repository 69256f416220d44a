"""requirements.txt, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.mwaa.model import ConfigurationError
from infra.rehearsal.requirements_file import Line, RequirementsFile, image_pins, pins


def file(text: str) -> RequirementsFile:
    return RequirementsFile(path=Path("requirements.txt"), text=text)


def test_a_line_has_its_continuations_and_the_number_where_it_begins() -> None:
    text = (
        "# what\n\npandas==3.0.5 \\\n  --hash=sha256:0 \\\n  --hash=sha256:1\nnumpy==2.5.1  # why\n"
    )

    assert list(file(text).lines()) == [
        Line(3, "pandas==3.0.5    --hash=sha256:0    --hash=sha256:1"),
        Line(6, "numpy==2.5.1"),
    ]


def test_requirements_are_the_lines_with_a_name() -> None:
    text = (
        '--constraint "/usr/local/airflow/plugins/constraints.txt"\n'
        "/usr/local/airflow/plugins/own-1.0-py3-none-any.whl\n"
        "pandas[parquet]==3.0.5 --hash=sha256:0\n"
        'tomli==2.0; python_version < "3.11"\n'
    )

    assert [(line.number, r.name) for line, r in file(text).requirements()] == [
        (3, "pandas"),
        (4, "tomli"),
    ]


def test_what_pip_could_not_read_is_said_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"^requirements\.txt:2: pandas=3\.0: expected "):
        list(file("numpy==2.5.1\npandas=3.0\n").requirements())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("--constraint /x\n", True),
        ("-c /x\n", True),
        ("# -c is left out on purpose\n", True),
        ("--constraints=/x\n", False),
        ("pandas\n", False),
    ],
)
def test_constraints_are_looked_for_as_plain_text(text: str, named: bool) -> None:
    assert file(text).names_constraints is named


def test_every_requirement_that_would_change_the_image_is_named() -> None:
    image = {"flask": "3.1.3", "apache-airflow": "3.3.1", "celery": "5.6.3"}
    text = "Flask==2.0\ncelery>=5.6\npandas==3.0.5\napache_airflow<3\n"

    with pytest.raises(ConfigurationError) as refused:
        file(text).refuse_overrides(image)

    assert str(refused.value).splitlines() == [
        "requirements.txt:1: Flask==2.0: MWAA's image has Flask 3.1.3, which requirements cannot "
        "change",
        "requirements.txt:4: apache_airflow<3: MWAA's image has apache_airflow 3.3.1, which "
        "requirements cannot change",
    ]


def test_what_was_said_is_blamed_on_the_lines_whose_packages_it_names() -> None:
    requirements = file("arrow==1.0\npyarrow==25.0.0\npandas==3.0.5\n")

    assert requirements.blame("no wheel of pyarrow, wanted by Pandas") == (
        "requirements.txt:2: pyarrow==25.0.0\nrequirements.txt:3: pandas==3.0.5"
    )


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.txt: expected a text file"):
        RequirementsFile.read(tmp_path / "nowhere.txt")


def test_pins_are_read_from_a_hashed_lock() -> None:
    assert pins("Flask_Login==0.6.3 \\\n    --hash=sha256:0\n") == {"flask-login": "0.6.3"}


def test_the_image_has_airflow_and_what_it_stands_on() -> None:
    assert {"apache-airflow", "flask", "celery", "sqlalchemy", "gunicorn"} <= set(image_pins())
