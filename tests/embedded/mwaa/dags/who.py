"""What a task sees: its identity, its rights, its packages and its environment."""

import os
from typing import Any

from airflow.sdk import dag, task

IGNORE: dict[str, Any] = {"ignore_configured_endpoint_urls": True}  # no stub knows it
REAL_STS = "https://sts.us-east-1.amazonaws.com"


def _error(call: object) -> str:
    try:
        call()  # type: ignore[operator]  # it is a function
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


@dag(schedule=None, is_paused_upon_creation=False)
def who() -> None:
    @task
    def identity() -> dict[str, str]:
        import boto3

        session = boto3.session.Session()
        credentials = session.get_credentials()
        assert credentials
        print("the log of the task")
        return {
            "arn": session.client("sts").get_caller_identity()["Arn"],
            "method": credentials.method,
            "environment": " ".join(sorted(os.environ)),
            "values": " ".join(os.environ.values()),
        }

    @task
    def rights() -> dict[str, str]:
        import boto3
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        s3 = boto3.client("s3")
        return {
            "own": ",".join(S3Hook().list_keys("airflow-bucket", prefix="dags/") or []),
            "other": _error(lambda: s3.list_objects_v2(Bucket="somebody-elses-bucket")),
        }

    @task
    def real_aws() -> dict[str, str]:
        import boto3
        import requests
        from botocore.config import Config

        once = Config(retries={"total_max_attempts": 1})
        ignoring = boto3.client("sts", config=once.merge(Config(**IGNORE)))
        explicit = boto3.client("sts", endpoint_url=REAL_STS, config=once)
        metadata = requests.get("http://169.254.169.254/latest/meta-data/", timeout=10)
        return {
            "ignoring": _error(ignoring.get_caller_identity),
            "explicit": _error(explicit.get_caller_identity),
            "metadata": f"{metadata.status_code} {metadata.text}",
        }

    @task
    def secrets() -> dict[str, str]:
        import boto3
        from airflow.sdk import Variable
        from airflow.sdk.bases.hook import BaseHook

        api = boto3.client("secretsmanager")
        crm = BaseHook.get_connection("lake_crm")
        prod = "lake-prod/variables/lake_limit"
        return {
            "connection": f"{crm.conn_type} {crm.host} {(crm.password or '')[::-1]}",
            "variable": Variable.get("lake_limit"),
            "missing": Variable.get("lake_missing", default="not there"),
            "unasked": Variable.get("unasked", default="not asked for"),
            "other": _error(lambda: api.get_secret_value(SecretId=prod)),
        }

    @task
    def packages() -> dict[str, str]:
        from importlib.metadata import version

        import from_plugins  # type: ignore[import-not-found]  # only the environment has it
        import iniconfig

        return {
            "requirement": version(iniconfig.__name__),
            "plugin": str(from_plugins.ANSWER),
            "missing": _error(lambda: __import__("pandas")),
            "startup": os.environ["FROM_STARTUP"],
            "option": os.environ["AIRFLOW__LAKE__CURATED_BUCKET"],
        }

    identity()
    rights()
    real_aws()
    secrets()
    packages()


who()
