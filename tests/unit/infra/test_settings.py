from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from infra.chosen import UnknownEnvironmentError, environment_settings
from infra.environments import DEV, ENVIRONMENTS
from infra.settings import (
    AirflowSettings,
    EmailSettings,
    EnvironmentSettings,
    NotificationSettings,
    OperationsSettings,
    RedshiftSettings,
    StorageSettings,
)

SMALL: dict[str, Any] = {
    "environment_class": "mw1.small",
    "min_workers": 1,
    "max_workers": 2,
    "schedulers": 2,
    "min_webservers": 2,
    "max_webservers": 2,
    "webserver_access_mode": "PUBLIC_ONLY",
    "options": {},
}
MICRO: dict[str, Any] = SMALL | {
    "environment_class": "mw1.micro",
    "max_workers": 1,
    "schedulers": 1,
    "min_webservers": 1,
    "max_webservers": 1,
}


def test_the_environments_are_dev_and_prod_under_their_own_names() -> None:
    assert list(ENVIRONMENTS) == ["dev", "prod"]
    assert all(name == settings.name for name, settings in ENVIRONMENTS.items())


def test_an_unknown_environment_is_refused_with_the_names_of_the_known() -> None:
    with pytest.raises(UnknownEnvironmentError, match="'staging': expected one of dev, prod"):
        environment_settings("staging")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DEV.name = "other"  # type: ignore[misc]  # the point of the test
    with pytest.raises(TypeError, match="does not support item assignment"):
        DEV.airflow.options["core.default_task_retries"] = "0"  # type: ignore[index]  # as above


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"max_worker\n.*not permitted"):
        AirflowSettings(**SMALL | {"max_worker": 3})


@pytest.mark.parametrize("good", [SMALL, MICRO, SMALL | {"environment_class": "mw1.2xlarge"}])
def test_what_mwaa_offers_is_accepted(good: dict[str, Any]) -> None:
    assert AirflowSettings(**good).environment_class == good["environment_class"]


@pytest.mark.parametrize(
    ("base", "change", "message"),
    [
        (SMALL, {"environment_class": "mw1.tiny"}, "mw1.micro"),
        (SMALL, {"schedulers": 1}, "2 to 5 schedulers and web servers, and not schedulers=1"),
        (SMALL, {"schedulers": 6}, "less than or equal to 5"),
        (SMALL, {"min_webservers": 1}, "not min_webservers=1"),
        (SMALL, {"min_workers": 0}, "greater than or equal to 1"),
        (SMALL, {"max_workers": 26}, "less than or equal to 25"),
        (SMALL, {"min_workers": 3}, "min_workers=3 is more than max_workers=2"),
        (SMALL, {"min_webservers": 3}, "min_webservers=3 is more than max_webservers=2"),
        (MICRO, {"schedulers": 2}, "exactly 1 of each component, and not schedulers=2"),
        (MICRO, {"max_workers": 2}, "exactly 1 of each component, and not max_workers=2"),
        (SMALL, {"webserver_access_mode": "OPEN"}, "PUBLIC_ONLY"),
        (
            SMALL,
            {"webserver_access_mode": "PUBLIC_AND_PRIVATE", "version": "3.0.6"},
            "from Airflow 3.2 on, not 3.0.6",
        ),
        (SMALL, {"version": "3.1.0"}, "3.3.1"),
        (SMALL, {"weekly_maintenance_window_start": "SUN:03:15"}, "pattern"),
        (SMALL, {"logs": {"task": None}}, "logs.task: expected a level"),
        (SMALL, {"logs": {"worker": "VERBOSE"}}, "logs.worker"),
        (SMALL, {"worker_replacement": "GENTLE"}, "worker_replacement"),
    ],
)
def test_what_mwaa_does_not_offer_is_refused(
    base: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        AirflowSettings(**base | change)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"parallelism": "32"}, "expected section.name"),
        ({f"core.{'x' * 64}": "1"}, "at most 64 characters"),
        ({"core.multi_team": "True"}, "MWAA does not let it be set"),
        ({"core.executor": "LocalExecutor"}, "MWAA does not let it be set"),
        ({"metrics.statsd_on": "True"}, "MWAA does not let it be set"),
        ({"lake.database": "other"}, "the lake's own options"),
        ({"core.default_timezone": "Europe/Zürich"}, "printable ASCII"),
        ({"core.default_timezone": ""}, "printable ASCII"),
    ],
)
def test_an_option_that_mwaa_refuses_is_refused(option: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AirflowSettings(**SMALL | {"options": option})


def test_parallelism_is_an_option_that_may_be_set() -> None:
    options = {"core.parallelism": "64", "celery.worker_autoscale": "10,2"}
    assert dict(AirflowSettings(**SMALL | {"options": options}).options) == options


@pytest.mark.parametrize("name", ["Dev", "my-dev", "my_dev", "1dev", "a" * 13, ""])
def test_a_name_that_would_not_do_in_every_physical_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        EnvironmentSettings(**DEV.model_dump() | {"name": name})


def test_originals_that_would_expire_before_they_move_to_a_colder_class_are_refused() -> None:
    days = {
        "landing_noncurrent_days": 7,
        "query_results_days": 7,
        "dags_noncurrent_days": 7,
        "archive_days": 30,
    }
    assert StorageSettings(**days, archive_rarely_read_days=29).archive_days == 30
    with pytest.raises(ValidationError, match="archive_rarely_read_days=30 must be less than"):
        StorageSettings(**days, archive_rarely_read_days=30)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"base_rpus": 4}, "greater than or equal to 8"),
        ({"base_rpus": 12}, "base_rpus=12: expected 8 to 512 in steps of 8"),
        ({"most_rpus": 520}, "most_rpus=520: expected 8 to 512 in steps of 8, or 544"),
        ({"base_rpus": 64, "most_rpus": 32}, "most_rpus=32 is less than base_rpus=64"),
        ({"statement_timeout_seconds": 86_400}, "less than or equal to 86399"),
    ],
)
def test_what_redshift_serverless_does_not_offer_is_refused(
    given: dict[str, int], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        RedshiftSettings(**given)


def test_models_run_on_redshift_only_where_there_is_one() -> None:
    with pytest.raises(ValidationError, match=r"expected redshift=RedshiftSettings"):
        EnvironmentSettings(**DEV.model_dump() | {"models_on": ("redshift",)})
    assert (DEV.redshift, DEV.models_on) == (None, ("athena",))
    assert DEV.on_redshift().redshift == RedshiftSettings()
    assert DEV.on_redshift().models_on == ("athena", "redshift")


@pytest.mark.parametrize(
    ("settings", "slots"), [(SMALL, 10), (MICRO, 3), (SMALL | {"max_workers": 25}, 125)]
)
def test_the_task_slots_are_those_of_all_workers(settings: dict[str, Any], slots: int) -> None:
    assert AirflowSettings(**settings).task_slots == slots


def test_connections_of_messages_are_those_that_are_chosen() -> None:
    email = EmailSettings(sender="lake@example.com", recipients=("data@example.com",))
    assert NotificationSettings().connection_ids == ()
    assert NotificationSettings(email=email).connection_ids == ("lake_smtp",)
    both = NotificationSettings(email=email, slack_connection_id="lake_slack")
    assert both.connection_ids == ("lake_smtp", "lake_slack")


@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": False, "inbox": True},
        {"topic": False, "subscribers": ("a@example.com",)},
        {"subscribers": ("a@example.com, b@example.com",)},
        {"email": {"sender": "lake", "recipients": ("a@example.com",)}},
        {"email": {"sender": "lake@example.com", "recipients": ()}},
        {"slack_connection_id": "https://hooks.slack.com/services/x"},
        {"reminder_days": -1},
    ],
)
def test_messages_to_nowhere_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NotificationSettings(**wrong)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"quarantine_ratio": 1.0}, "less than 1"),
        ({"oldest_task_seconds": 0}, "greater than or equal to 60"),
        ({"freshness_hours": 169}, "less than or equal to 168"),
        ({"budget_usd_a_month": 500}, "budget_usd_a_month=500 tells nobody: expected budget_addr"),
        ({"budget_addresses": ("a@example.com",)}, "without a budget: expected budget_usd_a_month"),
        ({"budget_usd_a_month": 0, "budget_addresses": ("a@example.com",)}, "or equal to 1"),
        ({"budget_usd_a_month": 9, "budget_addresses": ("somebody",)}, "budget_addresses"),
        (
            {"budget_usd_a_month": 9, "budget_addresses": ("a@example.com",) * 11},
            "at most 10 items",
        ),
        ({"alarm": True}, "not permitted"),
    ],
)
def test_operations_that_would_not_work_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        OperationsSettings(**given)


def test_alarms_that_nobody_would_hear_are_refused() -> None:
    mute = DEV.model_dump() | {"notifications": {"topic": False}}
    with pytest.raises(ValidationError, match=r"alarms=True needs notifications\.topic=True"):
        EnvironmentSettings(**mute)
    unwatched = EnvironmentSettings(**mute | {"operations": {"alarms": False}})
    assert unwatched.operations.measured  # for the dashboard
