"""Which DAG `lake backfill` has run."""

from __future__ import annotations

import pytest

from infra.cli.backfill import DayDag, day_dag
from infra.cli.steps import Failed


@pytest.mark.parametrize(
    ("name", "on_redshift", "dag"),
    [
        ("market/quotes", False, DayDag("market_quotes_backfill", days_at_once=1)),
        ("music", False, DayDag("music_models_backfill", days_at_once=4)),
        ("music", True, DayDag("music_models_redshift_backfill", days_at_once=4)),
    ],
)
def test_a_data_set_and_the_models_of_a_domain_have_one(
    name: str, on_redshift: bool, dag: DayDag
) -> None:
    assert day_dag(name, on_redshift=on_redshift) == dag


@pytest.mark.parametrize(
    ("name", "on_redshift", "message"),
    [
        ("musik", False, "no data set 'musik'"),
        ("market/quotes", True, "is no domain of models, such as music"),
    ],
)
def test_what_has_none_is_refused(name: str, on_redshift: bool, message: str) -> None:
    with pytest.raises(Failed, match=message):
        day_dag(name, on_redshift=on_redshift)
