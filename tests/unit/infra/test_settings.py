from __future__ import annotations

from typing import Any

import pytest
from airflow.cli.commands.config_command import CONFIGS_CHANGES
from pydantic import ValidationError

from infra.chosen import UnknownEnvironmentError, environment_settings
from infra.environments import DEV, ENVIRONMENTS, PROD
from infra.local.mwaa.validation import REFUSED_OPTIONS as KEPT_BY_THE_SERVICE
from infra.settings import (
    AirflowSettings,
    EmailSettings,
    EnvironmentSettings,
    NotificationSettings,
    RedshiftSettings,
)
from infra.settings.airflow_options import OF_AIRFLOW_2, REFUSED_OPTIONS

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


@pytest.mark.parametrize("good", [SMALL, MICRO, SMALL | {"environment_class": "mw1.2xlarge"}])
def test_what_mwaa_offers_is_accepted(good: dict[str, Any]) -> None:
    assert AirflowSettings(**good).environment_class == good["environment_class"]


def test_parallelism_is_an_option_that_may_be_set() -> None:
    options = {"core.parallelism": "64", "celery.worker_autoscale": "5,2"}
    assert dict(AirflowSettings(**SMALL | {"options": options}).options) == options


def test_the_key_is_the_customers_unless_the_settings_leave_it_to_aws() -> None:
    assert {DEV.encryption_key, PROD.encryption_key} == {"customer-managed"}
    for wrong in ("aws-managed", "arn:aws:kms:us-east-1:111122223333:key/1"):
        with pytest.raises(ValidationError, match="'customer-managed' or 'aws-owned'"):
            EnvironmentSettings(**DEV.model_dump() | {"encryption_key": wrong})


def test_models_run_on_redshift_only_where_there_is_one() -> None:
    assert (DEV.redshift, DEV.models_on) == (None, ("athena",))
    assert DEV.on_redshift().redshift == RedshiftSettings()
    assert DEV.on_redshift().models_on == ("athena", "redshift")


@pytest.mark.parametrize(
    ("settings", "slots"),
    [
        (SMALL, 10),
        (MICRO, 3),
        (SMALL | {"max_workers": 25}, 125),
        (SMALL | {"options": {"celery.worker_autoscale": "4,1"}}, 8),
    ],
)
def test_the_task_slots_are_those_of_all_workers(settings: dict[str, Any], slots: int) -> None:
    assert AirflowSettings(**settings).task_slots == slots


def test_connections_of_messages_are_those_that_are_chosen() -> None:
    email = EmailSettings(sender="lake@example.com", recipients=("data@example.com",))
    assert NotificationSettings().connection_ids == ()
    assert NotificationSettings(email=email).connection_ids == ("lake_smtp",)
    both = NotificationSettings(email=email, slack_connection_id="lake_slack")
    assert both.connection_ids == ("lake_smtp", "lake_slack")


def test_a_dashboard_measures_without_alarms() -> None:
    mute = {"notifications": {"topic": False}, "operations": {"alarms": False}}
    assert EnvironmentSettings(**DEV.model_dump() | mute).operations.measured


def test_what_the_embedded_mwaa_keeps_for_itself_is_refused_before_it() -> None:
    assert all(REFUSED_OPTIONS.fullmatch(option) for option in KEPT_BY_THE_SERVICE)


def test_options_of_airflow_2_have_the_names_that_airflow_gives_them_now() -> None:
    named = {
        f"{change.config.section}.{change.config.option}": change.renamed_to
        for change in CONFIGS_CHANGES
        if change.renamed_to
    }
    for old, new in OF_AIRFLOW_2.items():
        assert f"{named[old].section}.{named[old].option}" == new
