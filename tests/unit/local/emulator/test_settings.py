from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.emulator.settings import EmulatorSettings, SettingsError

COMPLETE = {
    "LAKE_AWS_PORT": "4566",
    "LAKE_STATE_DIR": "/somewhere/state",
    "LAKE_ACCOUNT_ID": "123456789012",
    "LAKE_REGION": "eu-central-1",
    "LAKE_SUPERVISOR_URL": "http://127.0.0.1:4567",
    "LAKE_CONTROL_KEY": "a-secret-of-enough-length",
}


def test_the_settings_come_from_the_environment() -> None:
    settings = EmulatorSettings.from_environment(COMPLETE)
    assert settings.endpoint_url == "http://127.0.0.1:4566"
    assert settings.object_dir == Path("/somewhere/state/s3")
    assert settings.region == "eu-central-1"


def test_in_a_container_the_supervisor_is_another() -> None:
    given = {**COMPLETE, "LAKE_SUPERVISOR_URL": "http://mwaa:4567"}
    assert EmulatorSettings.from_environment(given).supervisor_url == "http://mwaa:4567"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAKE_AWS_PORT", "80"),
        ("LAKE_AWS_PORT", "70000"),
        ("LAKE_STATE_DIR", "relative"),
        ("LAKE_ACCOUNT_ID", "1234"),
        ("LAKE_REGION", "nowhere"),
        ("LAKE_SUPERVISOR_URL", "http://example.com:80"),
        ("LAKE_CONTROL_KEY", "short"),
    ],
)
def test_a_malformed_variable_is_named_with_its_shape(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name} must be an? |{name} must be http"):
        EmulatorSettings.from_environment({**COMPLETE, name: value})


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_missing_variable_is_named(name: str) -> None:
    given = {key: value for key, value in COMPLETE.items() if key != name}
    with pytest.raises(SettingsError, match=f"{name} must be .*; it is not set"):
        EmulatorSettings.from_environment(given)


def test_a_secret_is_not_in_the_message() -> None:
    with pytest.raises(SettingsError) as refused:
        EmulatorSettings.from_environment({**COMPLETE, "LAKE_CONTROL_KEY": "too short"})
    assert "too short" not in str(refused.value)


def test_ministack_opens_no_listener_of_its_own_and_enforces_iam() -> None:
    environment = EmulatorSettings.from_environment(COMPLETE).ministack_environment()
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["IOT_MTLS_ENABLED"] == environment["SFTP_ENABLED"] == "0"
    assert environment["AUTH"] == "true"


def test_it_listens_on_this_machine_only_unless_it_is_told_otherwise() -> None:
    assert EmulatorSettings.from_environment(COMPLETE).host == "127.0.0.1"
    inside = EmulatorSettings.from_environment({**COMPLETE, "LAKE_AWS_HOST": "0.0.0.0"})
    assert inside.host == "0.0.0.0"
    with pytest.raises(SettingsError, match="LAKE_AWS_HOST must be"):
        EmulatorSettings.from_environment({**COMPLETE, "LAKE_AWS_HOST": "192.0.2.1"})
