"""Which wheels are for MWAA, on whatever machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import Marker

from infra.wheels.platform import applies, installs


@pytest.mark.parametrize(
    "tag",
    [
        "py3-none-any",
        "py2.py3-none-any",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_34_x86_64",
        "cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64",
        "cp39-abi3-manylinux_2_17_x86_64",
    ],
)
def test_wheels_for_mwaa(tag: str) -> None:
    assert installs(Path(f"one-1.0-{tag}.whl"))


@pytest.mark.parametrize(
    "name",
    [
        "one-1.0-cp312-cp312-manylinux_2_35_x86_64.whl",
        "one-1.0-cp312-cp312-manylinux_2_28_aarch64.whl",
        "one-1.0-cp312-cp312-musllinux_1_2_x86_64.whl",
        "one-1.0-cp312-cp312-linux_x86_64.whl",
        "one-1.0-cp312-cp312-macosx_11_0_arm64.whl",
        "one-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        "one.whl",
    ],
)
def test_wheels_of_other_machines(name: str) -> None:
    assert not installs(Path(name))


@pytest.mark.parametrize(
    ("marker", "applied"),
    [
        ("sys_platform == 'linux' and platform_machine == 'x86_64'", True),
        ("sys_platform == 'darwin'", False),
        ("python_version < '3.12'", False),
        ("extra == 'fast'", True),
        ("extra == 'other'", False),
    ],
)
def test_markers_are_those_of_mwaa(marker: str, applied: bool) -> None:
    assert applies(Marker(marker), frozenset({"fast"})) is applied
