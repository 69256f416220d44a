"""Embedded AWSs for the tests: one that a module shares, and one that a test may kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import RunningEmulator


def _run(folder: Path, mwaa: FakeMwaa) -> Iterator[RunningEmulator]:
    emulator = RunningEmulator(folder=folder, supervisor_url=mwaa.url)
    emulator.start()
    yield emulator
    emulator.end()


@pytest.fixture(scope="module")
def mwaa() -> Iterator[FakeMwaa]:
    fake = FakeMwaa()
    yield fake
    fake.stop()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, mwaa: FakeMwaa) -> Iterator[RunningEmulator]:
    """A running embedded AWS."""
    yield from _run(tmp_path_factory.mktemp("emulator"), mwaa)


@pytest.fixture
def own_mwaa() -> Iterator[FakeMwaa]:
    fake = FakeMwaa()
    yield fake
    fake.stop()


@pytest.fixture
def own_emulator(tmp_path: Path, own_mwaa: FakeMwaa) -> Iterator[RunningEmulator]:
    """A running embedded AWS of the test's own, to be killed at will."""
    yield from _run(tmp_path, own_mwaa)
