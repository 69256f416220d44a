"""The lock, and whether its wheels are all that is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from infra.local.mwaa.model import ConfigurationError
from infra.rehearsal.requirements_file import RequirementsFile
from infra.wheels.lock import read_lock, unmet
from tests.package_index import locked, make_wheel

IMAGE = {"boto3": "1.40.0"}


def lock(text: str) -> RequirementsFile:
    return RequirementsFile(path=Path("lock.txt"), text=text)


def missing(wheels: list[Path], *wanted: str) -> list[str]:
    requirements = [("r.txt:1", Requirement(each)) for each in wanted]
    return list(unmet(requirements, wheels=wheels, image=IMAGE))


def test_a_pin_knows_its_wheel_by_name_and_content(tmp_path: Path) -> None:
    wheel, other = (make_wheel(tmp_path / text, "one", "1.0", text=text) for text in "ab")

    (pin,) = read_lock(lock(locked(wheel)))

    assert str(pin) == "one==1.0"
    assert pin.names(wheel)
    assert pin.is_of(wheel)
    assert pin.names(other)
    assert not pin.is_of(other)
    assert read_lock(lock(pin.line)) == [pin]


@pytest.mark.parametrize("text", ["one==1.0\n", "one>=1.0 --hash=sha256:" + "0" * 64])
def test_a_line_without_a_version_or_a_hash_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"lock\.txt:1: one.*==version --hash=sha256"):
        read_lock(lock(text))


def test_what_the_image_has_and_what_the_wheels_need_is_followed(tmp_path: Path) -> None:
    one = make_wheel(tmp_path, "one", "1.0", "boto3>=1.30", "two>=2; sys_platform == 'linux'")
    two = make_wheel(tmp_path, "two", "2.0", "pywin32; sys_platform == 'win32'")

    assert missing([one, two], "one==1.0") == []
    assert missing([one], "one==1.0") == [f'{one.name}: two>=2; sys_platform == "linux"']


def test_another_version_than_a_wheel_needs_is_said(tmp_path: Path) -> None:
    one = make_wheel(tmp_path, "one", "1.0", "boto3>=2")

    assert missing([one], "one") == [f"{one.name}: boto3>=2, where there is boto3 1.40.0"]
    assert missing([one], "one==2.0") == [
        "r.txt:1: one==2.0, where there is one 1.0",
    ]


def test_what_an_extra_needs_is_needed_where_it_is_asked_for(tmp_path: Path) -> None:
    one = make_wheel(tmp_path, "one", "1.0", "two; extra == 'fast'")

    assert missing([one], "one") == []
    assert missing([one], "one", "one[fast]") == [f'{one.name}: two; extra == "fast"']
