"""What is refused before a deploy, in one table; docs/refusals.md is written from it.

.venv/bin/python -m tests.unit.infra.test_refusals
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from infra.arriving import data_sets_on_arrival, refuse_unheard_of
from infra.bundle import build_bundle
from infra.chosen import ROOTS, with_redshift
from infra.delivery.settings import DeliverySettings
from infra.environments import DELIVERY, DEV
from infra.local.settings import REPOSITORY
from infra.preflight.requirement_lines import lines_installable
from infra.preflight.requirements import image_untouched, plugins_size, source_of_packages
from infra.preflight.result import Outcome
from infra.preflight.startup import check_startup
from infra.rehearsal.requirements_file import RequirementsFile
from infra.settings import ExistingVpc, NetworkSettings, SettingsRefused
from infra.settings.refusals import explain
from tests.unit.infra.checkout import make_checkout

PAGE = REPOSITORY / "docs" / "refusals.md"
EXISTING = DEV.model_copy(
    update={
        "network": NetworkSettings(
            vpc=ExistingVpc(
                vpc_id="vpc-0123456789abcdef0",
                subnet_ids=("subnet-0123456789abcdef1", "subnet-0123456789abcdef2"),
            )
        )
    }
)
ONE_SUBNET = ("subnet-0123456789abcdef1",)
ROUTES = ("rtb-0123456789abcdef3",)
MICRO = {
    "airflow.environment_class": "mw1.micro",
    "airflow.max_workers": 1,
    "airflow.schedulers": 1,
    "airflow.min_webservers": 1,
    "airflow.max_webservers": 1,
}
ADDRESS = "a@example.com"
EMAIL = {"sender": "lake@example.com", "recipients": (ADDRESS,)}
READER = "arn:aws:iam::111122223333:role/team/analyst"
SLACK = {"workspace_id": "T0123ABCD", "channel_id": "C0123ABCD"}
PRIVATE = {"network.routing": "private", "network.vpc.nat_gateways": 0}


@dataclass(frozen=True)
class Row:
    """A configuration that is wrong, and what is said of it."""

    wrong: str
    given: Any
    """The changed settings, by path; or the text of the file."""
    says: str
    """A part of the message, which names the setting or the line."""
    base: BaseModel = DEV


def options(**given: str) -> dict[str, Any]:
    """Configuration options, with `__` for the dot."""
    return {"airflow.options": {key.replace("__", "."): value for key, value in given.items()}}


ENVIRONMENT = (
    Row("a name in upper case", {"name": "Dev"}, "DEV: name='Dev': expected a text that matches"),
    Row("a name with a hyphen", {"name": "my-dev"}, "name='my-dev': expected a text that matches"),
    Row("a name with an underscore", {"name": "my_dev"}, "name='my_dev': expected a text that"),
    Row("a name that begins with a digit", {"name": "1dev"}, "name='1dev': expected a text that"),
    Row("no name", {"name": ""}, "name='': expected a text that matches"),
    Row("a name too long for a bucket's 63 characters", {"name": "a" * 13}, "name='aaaaaaaaaaaaa'"),
    Row("an account of 11 digits", {"account": "1" * 11}, "account='11111111111': expected a text"),
    Row("a zone for a region", {"region": "eu-west-1a"}, "region='eu-west-1a': expected a text"),
    Row(
        "a misspelt setting",
        {"keep_date": True},
        "keep_date=True: there is no such setting: expected",
    ),
    Row(
        "days that CloudWatch Logs lacks",
        {"log_retention_days": 8},
        "log_retention_days=8: expected",
    ),
    Row(
        "neither yes nor no", {"keep_data": "maybe"}, "keep_data='maybe': expected a valid boolean"
    ),
    Row("models nowhere", {"models_on": ()}, "models_on=(): expected at least 1 item"),
    Row(
        "models on a Redshift that there is not",
        {"models_on": ("redshift",)},
        "models_on=('redshift'",
    ),
    Row("a tag of AWS's", {"tags": {"aws:by": "me"}}, "tags: tag 'aws:by': AWS and the CDK keep"),
    Row("a tag of AWS's, in capitals", {"tags": {"AWS:x": "me"}}, "tag 'AWS:x': AWS and the CDK"),
    Row("a tag of the CDK's", {"tags": {"aws-cdk:x": "me"}}, "tag 'aws-cdk:x': AWS and the CDK"),
    Row("the lake's own tag", {"tags": {"Lake": "mine"}}, "tag 'Lake': the CDK app sets it"),
    Row("a tag without a key", {"tags": {"": "x"}}, "tag '': expected 1 to 128 letters"),
    Row("a tag with a long key", {"tags": {"k" * 129: "x"}}, "expected 1 to 128 letters"),
    Row("a tag with a star", {"tags": {"a*b": "x"}}, "tag 'a*b': expected 1 to 128 letters"),
    Row("a tag that begins with a space", {"tags": {" a": "x"}}, "tag ' a': expected 1 to 128"),
    Row("a tag without a value", {"tags": {"a": ""}}, "tag 'a': expected a value of 1 to 256"),
    Row("a tag with a long value", {"tags": {"a": "v" * 257}}, "tag 'a': expected a value of 1 to"),
    Row("a value with a semicolon", {"tags": {"a": "x;y"}}, "not 'x;y'"),
    Row(
        "tags that IAM takes for one",
        {"tags": {"team": "a", "Team": "b"}},
        "tags 'team' and 'Team'",
    ),
    Row(
        "too many tags",
        {"tags": dict.fromkeys(map(str, range(41)), "x")},
        "41 tags: expected at most",
    ),
    Row(
        "no name of a policy",
        {"permissions_boundary": "a b"},
        "permissions_boundary='a b': expected",
    ),
    Row(
        "a boundary that is a role",
        {"permissions_boundary": "arn:aws:iam::111122223333:role/boundary"},
        "permissions_boundary='arn:aws:iam::111122223333:role/boundary': expected a text",
    ),
    Row(
        "a boundary of another account",
        {
            "permissions_boundary": "arn:aws:iam::111122223333:policy/boundary",
            "account": "444455556666",
        },
        "expected a policy of the account 444455556666",
    ),
)
AIRFLOW = (
    Row(
        "a class that MWAA lacks",
        {"airflow.environment_class": "mw1.tiny"},
        "airflow.environment_class",
    ),
    Row(
        "a version that MWAA lacks",
        {"airflow.version": "3.1.0"},
        "airflow.version='3.1.0': expected",
    ),
    Row("no worker", {"airflow.min_workers": 0}, "airflow.min_workers=0: expected greater than or"),
    Row(
        "more workers than the quota",
        {"airflow.max_workers": 26},
        "airflow.max_workers=26: expected",
    ),
    Row(
        "more workers at least than at most",
        {"airflow.min_workers": 3},
        "airflow.min_workers=3 is more than",
    ),
    Row(
        "one scheduler",
        {"airflow.schedulers": 1},
        "airflow.schedulers=1: expected 2 to 5 schedulers",
    ),
    Row(
        "too many schedulers", {"airflow.schedulers": 6}, "airflow.schedulers=6: expected less than"
    ),
    Row("one web server", {"airflow.min_webservers": 1}, "airflow.min_webservers=1: expected 2 to"),
    Row(
        "fewer web servers at most",
        {"airflow.min_webservers": 3},
        "airflow.min_webservers=3 is more than",
    ),
    Row(
        "two schedulers of micro",
        MICRO | {"airflow.schedulers": 2},
        "airflow.schedulers=2: expected",
    ),
    Row(
        "two workers of micro",
        MICRO | {"airflow.max_workers": 2},
        "airflow.max_workers=2: expected exactly",
    ),
    Row(
        "an unknown reach",
        {"airflow.webserver_access_mode": "OPEN"},
        "airflow.webserver_access_mode='OPEN': expected",
    ),
    Row(
        "a reach that a version lacks",
        {"airflow.webserver_access_mode": "PUBLIC_AND_PRIVATE", "airflow.version": "3.0.6"},
        "airflow.webserver_access_mode='PUBLIC_AND_PRIVATE' is offered from Airflow 3.2 on",
    ),
    Row(
        "maintenance off the half hour",
        {"airflow.weekly_maintenance_window_start": "SUN:03:15"},
        "airflow.weekly_maintenance_window_start='SUN:03:15': expected a text that matches",
    ),
    Row("no log of tasks", {"airflow.logs.task": None}, "airflow.logs.task=None: expected a level"),
    Row("an unknown level", {"airflow.logs.worker": "ALL"}, "airflow.logs.worker='ALL': expected"),
    Row(
        "an unknown update",
        {"airflow.worker_replacement": "SOFT"},
        "airflow.worker_replacement='SOFT': expected",
    ),
    Row(
        "an option without a section",
        options(parallelism="32"),
        "'parallelism': expected section.name",
    ),
    Row(
        "an option with a long name", options(**{"core__" + "x" * 64: "1"}), "at most 64 characters"
    ),
    Row(
        "an option that MWAA lacks", options(core__multi_team="True"), "MWAA does not let it be set"
    ),
    Row(
        "another executor",
        options(core__executor="LocalExecutor"),
        "'core.executor': MWAA does not",
    ),
    Row(
        "metrics elsewhere", options(metrics__statsd_host="me"), "'metrics.statsd_host': MWAA does"
    ),
    Row("another folder of DAGs", options(core__dags_folder="/x"), "'core.dags_folder': MWAA does"),
    Row(
        "an option of the lake's",
        options(lake__database="x"),
        "the CDK app sets the lake's own options",
    ),
    Row("an option in Latin 1", options(core__default_timezone="Zürich"), "printable ASCII"),
    Row(
        "an empty option",
        options(core__default_timezone=""),
        "expected 1 to 65,536 printable ASCII",
    ),
    Row("an option of Airflow 2", options(webserver__workers="2"), "expected 'api.workers'"),
    Row(
        "an option that has moved",
        options(scheduler__min_file_process_interval="30"),
        "it is Airflow 2's: expected 'dag_processor.min_file_process_interval'",
    ),
    Row("a section of Airflow 2", options(webserver__rbac="1"), "Airflow 3 has no such section"),
    Row(
        "a word for a number", options(core__parallelism="many"), "expected a whole number of 1 or"
    ),
    Row("no tasks at all", options(core__parallelism="0"), "expected a whole number of 1 or more"),
    Row(
        "another back end of secrets",
        options(secrets__backend="airflow.providers.hashicorp.secrets.vault.VaultBackend"),
        "'secrets.backend': the CDK app sets it",
    ),
    Row(
        "secrets that the role may not read",
        options(secrets__backend_kwargs='{"connections_prefix": "other"}'),
        "'secrets.backend_kwargs': the CDK app sets it, to secrets that the execution role may",
    ),
    Row(
        "a back end of the workers' own",
        options(workers__secrets_backend="x"),
        "'workers.secrets_backend': the CDK app sets it",
    ),
    Row(
        "one number to scale by", options(celery__worker_autoscale="5"), "expected most,least tasks"
    ),
    Row(
        "turned limits", options(celery__worker_autoscale="1,5"), "the least is more than the most"
    ),
    Row(
        "more tasks than a worker is made for",
        options(celery__worker_autoscale="6,0"),
        "a worker of the environment's class runs 5 at once",
    ),
)
NETWORK = (
    Row(
        "no way out", {"network.vpc.nat_gateways": 0}, "network.routing='public' needs nat_gateways"
    ),
    Row(
        "a NAT that nobody uses",
        {"network.routing": "private"},
        "network.routing='private' has no way out",
    ),
    Row(
        "three NATs",
        {"network.vpc.nat_gateways": 3},
        "network.vpc.nat_gateways=3: expected 0, 1 or",
    ),
    Row("an address for a network", {"network.vpc.cidr": "10.0.0.1/16"}, "expected a network such"),
    Row(
        "one address",
        {"network.vpc.cidr": "10.0.0.0"},
        "network.vpc.cidr=10.0.0.0: expected /16 to /22",
    ),
    Row(
        "too small a VPC",
        {"network.vpc.cidr": "10.0.0.0/24"},
        "network.vpc.cidr=10.0.0.0/24: expected /16 to",
    ),
    Row(
        "too large a VPC",
        {"network.vpc.cidr": "10.0.0.0/8"},
        "network.vpc.cidr=10.0.0.0/8: expected /16 to /22",
    ),
    Row(
        "public addresses",
        {"network.vpc.cidr": "8.8.0.0/16"},
        "network.vpc.cidr=8.8.0.0/16: expected",
    ),
    Row("no VPC", {"network.vpc.vpc_id": "mine"}, "network.vpc.vpc_id='mine': expected", EXISTING),
    Row(
        "one subnet",
        {"network.vpc.subnet_ids": ONE_SUBNET},
        "network.vpc.subnet_ids.1 is missing",
        EXISTING,
    ),
    Row(
        "one subnet twice",
        {"network.vpc.subnet_ids": ONE_SUBNET * 2},
        "network.vpc.subnet_ids: expected distinct subnets",
        EXISTING,
    ),
    Row(
        "endpoints without routes",
        {"network.vpc.make_endpoints": True},
        "network.vpc.make_endpoints needs route_table_ids",
        EXISTING,
    ),
    Row(
        "routes without endpoints",
        {"network.vpc.route_table_ids": ROUTES},
        "network.vpc.route_table_ids need make_endpoints=True",
        EXISTING,
    ),
    Row(
        "a route table twice",
        {"network.vpc.route_table_ids": ROUTES * 2, "network.vpc.make_endpoints": True},
        "expected each once",
        EXISTING,
    ),
    Row(
        "endpoints beside a NAT",
        {"network.vpc.make_endpoints": True, "network.vpc.route_table_ids": ROUTES},
        "make_endpoints is for routing='private'",
        EXISTING,
    ),
    Row(
        "Redshift without subnets", {"redshift": {}}, "redshift needs 3 in distinct zones", EXISTING
    ),
    Row(
        "nobody's endpoints",
        {"network.endpoint_management": "MINE"},
        "network.endpoint_management='MINE'",
    ),
    Row(
        "AWS out of reach",
        {"network.outbound_ports": (587,)},
        "network.outbound_ports: 443 is missing",
    ),
    Row(
        "no port",
        {"network.outbound_ports": (443, 70_000)},
        "network.outbound_ports.1=70000: expected",
    ),
    Row(
        "a port twice",
        {"network.outbound_ports": (443, 443)},
        "expected each once, and 443 is there",
    ),
    Row("clients by name", {"network.web_clients": ("office",)}, "expected a network such as"),
    Row(
        "everybody at the private web server",
        {"network.web_clients": ("0.0.0.0/0",), "airflow.webserver_access_mode": "PRIVATE_ONLY"},
        "network.web_clients: 0.0.0.0/0 is everybody",
    ),
    Row(
        "clients with the VPC's addresses",
        {
            "network.web_clients": ("10.192.4.0/24",),
            "airflow.webserver_access_mode": "PRIVATE_ONLY",
        },
        "network.web_clients: 10.192.4.0/24 overlaps vpc.cidr='10.192.0.0/16'",
    ),
    Row(
        "clients of a web server on the Internet",
        {"network.web_clients": ("10.8.0.0/16",)},
        "network.web_clients: a web server with airflow.webserver_access_mode='PUBLIC_ONLY'",
    ),
)
MESSAGES = (
    Row(
        "Slack without Internet",
        {**PRIVATE, "notifications.slack_connection_id": "lake_slack"},
        "notifications.slack_connection_id='lake_slack': Slack is on the Internet",
    ),
    Row(
        "mail without a port", {"notifications.email": EMAIL}, "one of the ports 25, 465, 587, 2525"
    ),
    Row(
        "an inbox of nothing",
        {"notifications.topic": False},
        "notifications.topic=False: subscribers",
    ),
    Row(
        "alarms that nobody hears",
        {"notifications.topic": False, "notifications.inbox": False},
        "operations.alarms=True needs notifications.topic=True",
    ),
    Row(
        "two addresses in one",
        {"notifications.subscribers": ("a@example.com, b@example.com",)},
        "notifications.subscribers.0='a@example.com, b@example.com': expected a text",
    ),
    Row(
        "a subscriber twice",
        {"notifications.subscribers": (ADDRESS,) * 2},
        "expected each once, and",
    ),
    Row(
        "no sender",
        {"notifications.email": EMAIL | {"sender": "lake"}},
        "notifications.email.sender='lake': expected",
    ),
    Row(
        "no recipient",
        {"notifications.email": EMAIL | {"recipients": ()}},
        "notifications.email.recipients=(): expected",
    ),
    Row(
        "a webhook in the settings",
        {"notifications.slack_connection_id": "https://hooks.slack.com/x"},
        "notifications.slack_connection_id='https://hooks.slack.com/x': expected a text",
    ),
    Row(
        "days before now",
        {"notifications.reminder_days": -1},
        "notifications.reminder_days=-1: expected",
    ),
    Row(
        "every record bad",
        {"operations.quarantine_ratio": 1.0},
        "operations.quarantine_ratio=1.0: expected less",
    ),
    Row(
        "a queue of a second",
        {"operations.oldest_task_seconds": 1},
        "operations.oldest_task_seconds=1: expected",
    ),
    Row(
        "longer than CloudWatch looks back",
        {"operations.freshness_hours": 169},
        "operations.freshness_hours=169",
    ),
    Row(
        "a channel that nothing is told in",
        {"operations.alarms": False, "operations.slack": SLACK},
        "DEV: operations.slack needs alarms=True",
    ),
    Row(
        "a workspace by name",
        {"operations.slack": SLACK | {"workspace_id": "my-team"}},
        "DEV: operations.slack.workspace_id='my-team': expected a text that matches",
    ),
    Row(
        "a channel by name",
        {"operations.slack": SLACK | {"channel_id": "#alarms"}},
        "DEV: operations.slack.channel_id='#alarms': expected a text that matches",
    ),
    Row(
        "a beginning of secrets with a star",
        {"secrets.connections": ("lake_*",)},
        "DEV: secrets.connections.0='lake_*': expected a text that matches",
    ),
    Row(
        "a budget untold",
        {"operations.budget_usd_a_month": 500},
        "operations.budget_usd_a_month=500 tells nobody",
    ),
    Row(
        "no budget to tell of",
        {"operations.budget_addresses": (ADDRESS,)},
        "operations.budget_addresses without a budget: expected budget_usd_a_month",
    ),
    Row(
        "a budget of nothing",
        {"operations.budget_usd_a_month": 0, "operations.budget_addresses": (ADDRESS,)},
        "operations.budget_usd_a_month=0: expected greater than or equal to 1",
    ),
    Row(
        "somebody without an address",
        {"operations.budget_usd_a_month": 9, "operations.budget_addresses": ("me",)},
        "operations.budget_addresses.0='me': expected a text that matches",
    ),
    Row(
        "more addresses than AWS Budgets mails",
        {
            "operations.budget_usd_a_month": 9,
            "operations.budget_addresses": tuple(f"a{number}@example.com" for number in range(11)),
        },
        "expected at most 10 items",
    ),
    Row(
        "a misspelt alarm",
        {"operations.alarm": True},
        "operations.alarm=True: there is no such setting",
    ),
)
ENGINES = (
    Row(
        "a scan below Athena's least",
        {"athena.scan_limit_bytes": 1},
        "athena.scan_limit_bytes=1: expected",
    ),
    Row(
        "originals gone before they move",
        {"storage.archive_rarely_read_days": 30},
        "storage.archive_rarely_read_days",
    ),
    Row(
        "days of nothing",
        {"storage.query_results_days": 0},
        "storage.query_results_days=0: expected",
    ),
    Row(
        "another EMR", {"spark": {"release_label": "emr-6.1.0"}}, "spark.release_label='emr-6.1.0'"
    ),
    Row(
        "too small a Redshift",
        {"redshift": {"base_rpus": 4}},
        "redshift.base_rpus=4: expected greater",
    ),
    Row(
        "no step of Redshift's",
        {"redshift": {"base_rpus": 12}},
        "redshift.base_rpus=12: expected 8",
    ),
    Row(
        "a large step",
        {"redshift": {"most_rpus": 520}},
        "redshift.most_rpus=520: expected 8 to 512",
    ),
    Row(
        "least above most",
        {"redshift": {"base_rpus": 64}},
        "redshift.most_rpus=32 is less than base_rpus",
    ),
    Row(
        "a day of a query",
        {"redshift": {"statement_timeout_seconds": 86_400}},
        "expected less than",
    ),
    Row(
        "a reader by name",
        {"lake_formation": {"readers": ("analyst",)}},
        "lake_formation.readers.0='analyst': expected a text",
    ),
    Row(
        "a bucket that reads",
        {"lake_formation": {"readers": ("arn:aws:s3:::bucket",)}},
        "lake_formation.readers.0='arn:aws:s3:::bucket': expected a text",
    ),
    Row(
        "a reader twice",
        {"lake_formation": {"readers": (READER, READER)}},
        f"expected each once, and {READER} is there twice",
    ),
    Row(
        "readers of two accounts",
        {"lake_formation": {"readers": (READER, READER.replace("1111", "9999"))}},
        "lake_formation.readers: of the accounts 111122223333, 999922223333: expected users",
    ),
    Row(
        "a reader of another account",
        {"lake_formation": {"readers": (READER,)}, "account": "444455556666"},
        "lake_formation.readers: of the account 111122223333: expected users and roles of 4444",
    ),
)
DELIVERED = (
    Row("no repository", {"repository": "lake"}, "DELIVERY: repository='lake': expected a text"),
    Row("nothing to deploy", {"deployments": ()}, "DELIVERY: deployments=(): expected at least 1"),
    Row("a deploy of two days", {"session_hours": 48}, "DELIVERY: session_hours=48: expected less"),
    Row(
        "an environment with two roles",
        {"deployments": DELIVERY.deployments * 2},
        "DELIVERY: deployments of dev, prod: expected one an environment",
    ),
)
SETTINGS = {
    "The environment": ENVIRONMENT,
    "Airflow": AIRFLOW,
    "Network": NETWORK,
    "Messages and what watches": MESSAGES,
    "Storage and engines": ENGINES,
    "Delivery": tuple(Row(row.wrong, row.given, row.says, DELIVERY) for row in DELIVERED),
}
REQUIREMENTS = (
    Row(
        "another version of the image's",
        "flask==2.0",
        "requirements.txt:1: flask==2.0: MWAA's image",
    ),
    Row("another Airflow", "apache-airflow==2.10.3", "MWAA's image has apache-airflow 3.3.1"),
    Row("another SQLAlchemy", "SQLAlchemy==1.4", "MWAA's image has SQLAlchemy 2"),
    Row(
        "a folder of sources",
        "-e ./mine",
        "requirements.txt:1: -e ./mine: there is no source on MW",
    ),
    Row("a repository", "git+https://example.com/x.git", "there is no git on MWAA"),
    Row("a name in a repository", "x @ git+https://example.com/x.git", "there is no git on MWAA"),
    Row(
        "a second index",
        "--extra-index-url https://example.com/",
        "on either index would be instal",
    ),
    Row(
        "a password", "--index-url https://me:secret@example.com/", "everybody who reads the bundle"
    ),
    Row("an index in the open", "--index-url=http://example.com/", "expected https"),
    Row("anybody's packages", "--trusted-host example.com", "anybody who answers for it"),
    Row("a file that MWAA has not", "-r more.txt", "MWAA has this one file"),
)
STARTUP = (
    Row("line ends of Windows", "export A=1\r\n", "startup.sh has line ends of Windows"),
    Row("a quote that never ends", 'export A="1\n', "startup.sh: /bin/bash: line"),
    Row("a variable of MWAA's", "\nexport AIRFLOW_HOME=/x\n", "startup.sh:2: AIRFLOW_HOME"),
    Row(
        "the executor",
        "export AIRFLOW__CORE__EXECUTOR=x\n",
        "startup.sh:1: AIRFLOW__CORE__EXECUTOR",
    ),
    Row("the region", "export AWS_REGION=eu-west-1\n", "startup.sh:1: AWS_REGION"),
    Row("Python's path", "export PYTHONPATH=/x\n", "MWAA sets startup.sh:1: PYTHONPATH itself"),
)
BUNDLE = (
    Row(
        "a plugin for a module of Python's",
        "plugins/secrets.py",
        "plugins/secrets: Python has a mod",
    ),
    Row(
        "a DAG file for one of Python's", "dags/queue.py", "dags/queue: Python has a module 'queue'"
    ),
    Row("a plugin for a package of dags/", "plugins/lake/x.py", "plugins/lake: dags/ has a module"),
    Row(
        "a plugin for a data set's DAG",
        "plugins/market_quotes.py",
        "plugins/market_quotes: dags/ ha",
    ),
    Row("a DAG file that a data set has", "dags/market_quotes.py", "market_quotes.py"),
)
DATA_SETS = (
    Row("a misspelt key", ("max_bad_ratio:", "max_bad_ration:"), "max_bad_ration: unknown key"),
    Row(
        "a schedule that is none", ("schedule: on_arrival", "schedule: soon"), "schedule: should be"
    ),
    Row("keys of no column", ("keys: [", "keys: [nothing, "), "nothing"),
    Row("the files of another", ("prefix: market/quotes/", "prefix: market/quotes/x/"), "overlaps"),
)


def changed[M: BaseModel](model: M, changes: Mapping[str, Any]) -> M:
    """`model` made anew as infra/environments.py makes it, with values at dotted paths."""
    values, parts = dict(model), dict[str, dict[str, Any]]()
    for path, value in changes.items():
        name, _, below = path.partition(".")
        if below:
            parts.setdefault(name, {})[below] = value
        else:
            values[name] = value
    for name, below_name in parts.items():
        values[name] = changed(values[name], below_name)
    return type(model)(**values)


def said_of(row: Row) -> str:
    """What is said of changed settings."""
    constant = "DELIVERY" if isinstance(row.base, DeliverySettings) else "DEV"
    try:
        changed(row.base, row.given)
    except ValidationError as error:
        return explain(error, roots=ROOTS, constant=constant)
    return "nothing"


def each(rows: tuple[Row, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.wrong)


@each(tuple(row for rows in SETTINGS.values() for row in rows))
def test_settings_that_cannot_be_are_refused_by_their_path(row: Row) -> None:
    said = said_of(row)
    assert row.says in said
    assert all(line.startswith(("DEV: ", "DELIVERY: ")) for line in said.splitlines())
    assert "pydantic" not in said


def test_the_bases_of_the_table_are_accepted() -> None:
    for base in (DEV, EXISTING):
        assert changed(base, {"airflow.max_workers": 3, "network.vpc": base.network.vpc})
    assert changed(DEV, MICRO).airflow.is_micro
    assert changed(DEV, PRIVATE).network.routing == "private"


def test_redshift_by_the_context_is_held_to_the_network_too() -> None:
    with pytest.raises(SettingsRefused, match=r"network\.vpc\.redshift_subnet_ids"):
        with_redshift(EXISTING)


@each(REQUIREMENTS)
def test_requirements_that_mwaa_cannot_install_fail_the_preflight(row: Row) -> None:
    file = RequirementsFile(path=Path("requirements.txt"), text=f"{row.given}\n")
    checks = (
        lines_installable(file),
        image_untouched(file),
        source_of_packages(file, private=True),
    )
    assert row.says in "\n".join(each.found for each in checks if each.outcome is Outcome.FAIL)


def test_the_requirements_of_the_lake_pass() -> None:
    file = RequirementsFile.read(REPOSITORY / "requirements" / "requirements.txt")
    assert lines_installable(file).outcome is Outcome.PASS
    assert plugins_size({}).outcome is Outcome.PASS


@each(STARTUP)
def test_a_startup_script_that_mwaa_cannot_run_fails_the_preflight(
    row: Row, tmp_path: Path
) -> None:
    script = tmp_path / "startup.sh"
    script.write_bytes(row.given.encode())
    results = list(check_startup(script))
    assert results[-1].outcome is Outcome.FAIL
    assert row.says in results[-1].found


def test_the_startup_script_of_the_lake_passes() -> None:
    results = check_startup(REPOSITORY / "requirements" / "startup.sh")
    assert {result.outcome for result in results} == {Outcome.PASS}


@each(BUNDLE)
def test_modules_in_the_place_of_others_end_the_synthesis(row: Row, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "checkout", **{row.given: "# airflow dag\n"})
    with pytest.raises((ValueError, FileExistsError)) as refused:
        build_bundle(repository=checkout, destination=tmp_path / "bundle")
    assert row.says in str(refused.value)


@each(DATA_SETS)
def test_a_wrong_data_set_ends_the_synthesis(row: Row, tmp_path: Path) -> None:
    text = (REPOSITORY / "dags" / "datasets" / "market" / "quotes.yaml").read_text()
    folder = tmp_path / "market"
    folder.mkdir()
    (folder / "quotes.yaml").write_text(text)
    (folder / "other.yaml").write_text(text.replace(*row.given))
    with pytest.raises(ValueError, match="other") as refused:
        refuse_unheard_of(data_sets_on_arrival(tmp_path), settings=DEV)
    assert row.says in str(refused.value)


def page() -> str:
    """docs/refusals.md."""
    parts = [
        "# What is refused before a deploy",
        "Written from the table of the tests, `tests/unit/infra/test_refusals.py`, which has to "
        "hold: `.venv/bin/python -m tests.unit.infra.test_refusals`.",
        "## By every command that reads the settings",
        "`cdk synth`, `deploy` and `diff`, and each `lake` command that needs an environment, end "
        "with another exit code than 0 and a line a problem: the constant of "
        "`infra/environments.py`, the setting, what was given, what was expected.",
    ]
    for title, rows in SETTINGS.items():
        parts += [f"### {title}", _table({row.wrong: said_of(row) for row in rows})]
    parts += [
        "## By cdk synth, deploy and diff, and by lake sync",
        "### The bundle",
        _table({f"{row.wrong}: `{row.given}`": row.says for row in BUNDLE}),
        "### Data sets",
        "With the file and the key; every key is in [datasets.md](datasets.md).",
        _table({f"{row.wrong}: `{row.given[1]}`": row.says for row in DATA_SETS}),
        "## By lake preflight",
        "### Requirements",
        _table({f"{row.wrong}: `{row.given}`": row.says for row in REQUIREMENTS}),
        "### The startup script",
        _table({row.wrong: row.says for row in STARTUP}),
        "The others of its checks are in [preflight.md](preflight.md).",
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: Mapping[str, str]) -> str:
    lines = (f"| {_cell(wrong)} | {_cell(said)} |" for wrong, said in rows.items())
    return "\n".join(("| what | said |", "|---|---|", *lines))


def _cell(text: str) -> str:
    return text.splitlines()[0].replace("|", r"\|").replace("<", r"\<").replace("*", r"\*")


def test_the_documentation_is_the_table() -> None:
    assert PAGE.read_text() == page(), "run .venv/bin/python -m tests.unit.infra.test_refusals"


if __name__ == "__main__":
    PAGE.write_text(page())
