"""The requirements file of a package."""

from __future__ import annotations

from pathlib import Path

from infra.rehearsal.package import offline
from infra.rehearsal.requirements_file import RequirementsFile


def test_the_requirements_come_from_the_plugins_folder_alone() -> None:
    text = (
        "-c https://example.org/constraints-3.12.txt\n"
        "--extra-index-url=https://example.org/simple\n"
        "pandas==3.0.5  # frames\n"
        "--no-binary nothing\n"
        "/usr/local/airflow/plugins/own-1.0-py3-none-any.whl\n"
    )

    assert offline(RequirementsFile(path=Path("requirements.txt"), text=text)) == (
        "--find-links /usr/local/airflow/plugins\n"
        "--no-index\n"
        '--constraint "/usr/local/airflow/plugins/constraints.txt"\n'
        "pandas==3.0.5\n"
        "--no-binary nothing\n"
        "/usr/local/airflow/plugins/own-1.0-py3-none-any.whl\n"
    )


def test_a_package_is_packaged_again_unchanged() -> None:
    once = offline(RequirementsFile(path=Path("requirements.txt"), text="pandas==3.0.5\n"))

    assert offline(RequirementsFile(path=Path("requirements.txt"), text=once)) == once
