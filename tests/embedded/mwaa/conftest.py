"""One laptop with one environment, which all tests of the embedded MWAA share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import App, Stack

from infra.bundle import Bundle, build_bundle
from infra.encryption import Encryption
from infra.environments import DEV
from infra.secrets_manager import secrets_options, secrets_statements
from tests.embedded.mwaa.laptop import ROLE, Laptop
from tests.embedded.requirements import fetch_wheels, small_requirements
from tests.unit.infra.checkout import make_checkout

DAGS = Path(__file__).parent / "dags"
ENVIRONMENT = "lake-test"
SETTINGS = DEV.model_copy(update={"name": "test"})
SECRETS = {
    "lake-test/connections/lake_crm": '{"conn_type": "http", "host": "crm", "password": "of-crm"}',
    "lake-test/variables/lake_limit": "42",
    "lake-test/variables/unasked": "in Secrets Manager",
    "lake-prod/variables/lake_limit": "43",
}


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A running supervisor, started from the shell of a person with AWS keys of their own."""
    folder = tmp_path_factory.mktemp("laptop")
    keys = folder / "person" / ".aws" / "credentials"
    keys.parent.mkdir(parents=True)
    keys.write_text("[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file\n")
    laptop = Laptop(
        home=folder / "home",
        person={
            "AWS_ACCESS_KEY_ID": "AKIASHELL",
            "AWS_SECRET_ACCESS_KEY": "shell",
            "AWS_SHARED_CREDENTIALS_FILE": str(keys),
            "AWS_PROFILE": "default",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "True",
        },
    )
    laptop.start()
    laptop.make_account()
    yield laptop
    laptop.end()
    assert laptop.processes() == []
    assert laptop.listening() == []


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle with a plugin and, for subnets without a way out, the wheel of a package."""
    folder = tmp_path_factory.mktemp("bundle")
    checkout = make_checkout(
        folder / "checkout",
        **{
            **small_requirements(),
            "plugins/from_plugins.py": "ANSWER = 42\n",
            "requirements/startup.sh": "export FROM_STARTUP=yes\n",
        },
    )
    offline = fetch_wheels(checkout)
    return build_bundle(repository=checkout, destination=folder / "bundle", offline=offline)


@pytest.fixture(scope="module")
def environment(laptop: Laptop, bundle: Bundle) -> str:
    """The name of an environment that is AVAILABLE, in subnets without a way to the Internet.

    Its secrets are those of `who`.
    """
    encryption = Encryption(Stack(App()), settings=SETTINGS)
    laptop.allow(ROLE, secrets_statements(settings=SETTINGS, encryption=encryption))
    secrets = laptop.client("secretsmanager")
    for name, value in SECRETS.items():
        secrets.create_secret(Name=name, SecretString=value)
    for path in DAGS.glob("*.py"):
        laptop.put(f"dags/{path.name}", path.read_text())
    request = laptop.request(
        PluginsS3Path="plugins.zip",
        PluginsS3ObjectVersion=laptop.put("plugins.zip", bundle.plugins.read_bytes()),
        RequirementsS3Path="requirements.txt",
        RequirementsS3ObjectVersion=laptop.put("requirements.txt", bundle.requirements.read_text()),
        StartupScriptS3Path="startup.sh",
        StartupScriptS3ObjectVersion=laptop.put("startup.sh", bundle.startup_script.read_text()),
        AirflowConfigurationOptions={"lake.curated_bucket": "curated", **secrets_options(SETTINGS)},
    )
    laptop.mwaa.create_environment(Name=ENVIRONMENT, **request)
    created = laptop.settled(ENVIRONMENT)
    assert created["Status"] == "AVAILABLE", created["LastUpdate"]
    return ENVIRONMENT
