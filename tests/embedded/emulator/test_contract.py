"""The contract with ministack says what broke."""

from __future__ import annotations

import subprocess

import pytest

from infra.local.settings import REPOSITORY, LocalSettings

pytestmark = pytest.mark.embedded


def run(program: str) -> str:
    done = subprocess.run(
        [LocalSettings().emulator_python, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_installed_ministack_has_every_private_name_as_expected() -> None:
    program = (
        "from infra.local.emulator.seam import contract\n"
        "contract.check()\n"
        "print(contract.deviations())"
    )
    assert run(program) == "[]\n"


def test_a_name_that_went_or_changed_is_named() -> None:
    program = (
        "import ministack.services.sts as sts, ministack.services.s3 as s3\n"
        "del sts.register_session\n"
        "s3._persist_object = lambda bucket, key: None\n"
        "from infra.local.emulator.seam import contract\n"
        "print('\\n'.join(contract.deviations()))"
    )
    assert run(program).splitlines() == [
        "ministack.services.s3._persist_object is (bucket, key); (bucket, key, obj) was expected",
        "ministack.services.sts.register_session is missing; (access_key, session) was expected",
    ]


def test_another_version_is_refused_with_what_it_changed() -> None:
    program = (
        "import ministack.core.persistence as persistence\n"
        "persistence._json_default = {}\n"
        "from infra.local.emulator.seam import contract\n"
        "contract.version = lambda _: '9.9.9'\n"
        "try: contract.check()\n"
        "except contract.AnotherMinistack as refused: print(refused)"
    )
    assert run(program) == (
        "ministack is 9.9.9; 1.5.33 was expected: ministack.core.persistence._json_default is dict;"
        " (obj) was expected\n"
    )
