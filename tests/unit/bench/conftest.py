"""A small file for the benchmark's tests: two malformed lines of each kind."""

from __future__ import annotations

import pytest
from lake.dataset import DataSet, load_data_set

from infra.bench.workloads import Sample
from infra.bench.workloads.fixed_width import WORKLOAD, write_sample


@pytest.fixture(scope="session")
def quotes() -> DataSet:
    """What the contenders are given."""
    return load_data_set(WORKLOAD.data_set)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Two malformed lines of each of the four kinds."""
    return write_sample(tmp_path_factory.mktemp("bench") / "sample.TXT", 2_000_000)
