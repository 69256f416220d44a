"""Which DAG `lake backfill` has run."""

from __future__ import annotations

import pytest

from infra.cli.backfill import backfill_dag_id
from infra.cli.steps import Failed


@pytest.mark.parametrize(
    ("name", "on_redshift", "dag_id"),
    [
        ("market/quotes", False, "market_quotes_backfill"),
        ("music", False, "music_models_backfill"),
        ("music", True, "music_models_redshift_backfill"),
    ],
)
def test_a_data_set_and_the_models_of_a_domain_have_one(
    name: str, on_redshift: bool, dag_id: str
) -> None:
    assert backfill_dag_id(name, on_redshift=on_redshift) == dag_id


@pytest.mark.parametrize(
    ("name", "on_redshift", "message"),
    [
        ("musik", False, "no data set 'musik'"),
        ("market/quotes", True, "is no domain of models, such as music"),
    ],
)
def test_what_has_none_is_refused(name: str, on_redshift: bool, message: str) -> None:
    with pytest.raises(Failed, match=message):
        backfill_dag_id(name, on_redshift=on_redshift)
