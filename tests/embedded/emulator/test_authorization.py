"""IAM: who may do what, on the resources that AWS names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, REGION, Keys, RunningEmulator

pytestmark = pytest.mark.embedded

type Rights = Callable[..., Keys]


def glue(resource: str) -> str:
    return f"arn:aws:glue:{REGION}:{ACCOUNT_ID}:{resource}"


def airflow(resource: str) -> str:
    return f"arn:aws:airflow:{REGION}:{ACCOUNT_ID}:{resource}"


def allow(actions: str | list[str], *resources: str) -> Mapping[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def denied(call: Any, **arguments: Any) -> str:
    """The message of a call that must be denied."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return str(refused.value)


@pytest.fixture
def rights(emulator: RunningEmulator) -> Iterator[Rights]:
    """Makes a session of a role that has the given statements."""
    iam = emulator.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
            "Action": "sts:AssumeRole",
        },
    }
    role = iam.create_role(RoleName="tested", AssumeRolePolicyDocument=json.dumps(trust))["Role"]

    def of(*statements: Mapping[str, Any]) -> Keys:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName="tested", PolicyName="rights", PolicyDocument=document)
        return emulator.assume(role["Arn"])

    yield of
    iam.delete_role_policy(RoleName="tested", PolicyName="rights")
    iam.delete_role(RoleName="tested")


@pytest.fixture(scope="module")
def databases(emulator: RunningEmulator) -> None:
    client = emulator.client("glue")
    for name in ("lake", "other"):
        client.create_database(DatabaseInput={"Name": name})
        client.create_table(DatabaseName=name, TableInput={"Name": "quotes"})


@pytest.mark.usefixtures("databases")
def test_a_grant_on_the_tables_of_a_database_ends_at_the_database(
    emulator: RunningEmulator, rights: Rights
) -> None:
    keys = rights(
        allow("glue:*", glue("catalog"), glue("database/lake"), glue("table/lake/*")),
    )
    client = emulator.client("glue", keys)
    assert client.get_table(DatabaseName="lake", Name="quotes")["Table"]["Name"] == "quotes"
    assert len(client.get_tables(DatabaseName="lake")["TableList"]) == 1
    client.create_table(DatabaseName="lake", TableInput={"Name": "more"})
    client.delete_table(DatabaseName="lake", Name="more")
    message = denied(client.get_table, DatabaseName="other", Name="quotes")
    assert f"on resource: {glue('table/other/quotes')} because" in message
    denied(client.get_tables, DatabaseName="other")
    denied(client.get_database, Name="other")
    denied(client.get_databases)


@pytest.mark.usefixtures("databases")
@pytest.mark.parametrize("missing", ["catalog", "database/lake", "table/lake/quotes"])
def test_a_table_needs_its_database_and_the_catalog_too(
    emulator: RunningEmulator, rights: Rights, missing: str
) -> None:
    every = {"catalog", "database/lake", "table/lake/quotes"}
    keys = rights(allow("glue:GetTable", *map(glue, every - {missing})))
    client = emulator.client("glue", keys)
    message = denied(client.get_table, DatabaseName="lake", Name="quotes")
    assert f"on resource: {glue(missing)} because" in message


@pytest.mark.usefixtures("databases")
def test_a_grant_on_one_table_is_none_on_the_others(
    emulator: RunningEmulator, rights: Rights
) -> None:
    keys = rights(
        allow("glue:*", glue("catalog"), glue("database/lake"), glue("table/lake/quotes")),
    )
    client = emulator.client("glue", keys)
    client.get_partitions(DatabaseName="lake", TableName="quotes")
    denied(client.get_partitions, DatabaseName="lake", TableName="other")
    denied(client.get_tables, DatabaseName="lake")
    denied(client.delete_database, Name="lake")


def test_a_query_is_allowed_in_its_work_group(emulator: RunningEmulator, rights: Rights) -> None:
    root = emulator.client("athena")
    emulator.client("s3").create_bucket(Bucket="query-results")
    queries = {}
    for name in ("ours", "theirs"):
        output = {"OutputLocation": "s3://query-results/"}
        root.create_work_group(Name=name, Configuration={"ResultConfiguration": output})
        started = root.start_query_execution(QueryString="SELECT 1", WorkGroup=name)
        queries[name] = started["QueryExecutionId"]
    ours = f"arn:aws:athena:{REGION}:{ACCOUNT_ID}:workgroup/ours"
    client = emulator.client("athena", rights(allow("athena:*", ours)))
    execution = client.get_query_execution(QueryExecutionId=queries["ours"])
    assert execution["QueryExecution"]["WorkGroup"] == "ours"
    client.get_work_group(WorkGroup="ours")
    message = denied(client.get_query_execution, QueryExecutionId=queries["theirs"])
    assert "workgroup/theirs" in message
    denied(client.batch_get_query_execution, QueryExecutionIds=list(queries.values()))
    denied(client.start_query_execution, QueryString="SELECT 1", WorkGroup="theirs")
    denied(client.start_query_execution, QueryString="SELECT 1")  # the primary work group


def test_environments_are_allowed_by_name(emulator: RunningEmulator, rights: Rights) -> None:
    keys = rights(
        allow(["airflow:GetEnvironment", "airflow:CreateCliToken"], airflow("environment/ours"))
    )
    client = emulator.client("mwaa", keys)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_environment(Name="ours")  # allowed; there is none
    client.create_cli_token(Name="ours")
    message = denied(client.get_environment, Name="theirs")
    assert airflow("environment/theirs") in message
    denied(client.create_cli_token, Name="theirs")
    denied(client.delete_environment, Name="ours")
    denied(client.list_environments)


def test_who_enters_airflow_gets_the_most_powerful_role_it_is_allowed(
    emulator: RunningEmulator, rights: Rights, mwaa: FakeMwaa
) -> None:
    keys = rights(
        allow("airflow:CreateWebLoginToken", airflow("role/ours/Viewer"), airflow("role/ours/User"))
    )
    client = emulator.client("mwaa", keys)
    client.create_web_login_token(Name="ours")
    assert mwaa.requests[-1][2]["x-lake-airflow-role"] == "User"
    denied(client.create_web_login_token, Name="theirs")
    denied(client.invoke_rest_api, Name="ours", Path="/dags", Method="GET")


def test_a_version_is_deleted_by_its_own_action(emulator: RunningEmulator, rights: Rights) -> None:
    root = emulator.client("s3")
    root.create_bucket(Bucket="versions")
    enabled = {"Status": "Enabled"}
    root.put_bucket_versioning(Bucket="versions", VersioningConfiguration=enabled)
    put = {"Bucket": "versions", "Key": "key", "Body": b"1"}
    version, another = (root.put_object(**put)["VersionId"] for _ in range(2))
    item = {"Key": "key", "VersionId": version}

    client = emulator.client("s3", rights(allow("s3:DeleteObject", "arn:aws:s3:::versions/*")))
    assert "s3:DeleteObjectVersion" in denied(client.delete_object, Bucket="versions", **item)
    denied(client.delete_objects, Bucket="versions", Delete={"Objects": [item]})
    client.delete_object(Bucket="versions", Key="key")  # adds a delete marker

    only = rights(allow("s3:DeleteObjectVersion", "arn:aws:s3:::versions/*"))
    client = emulator.client("s3", only)
    client.delete_objects(Bucket="versions", Delete={"Objects": [item]})
    client.delete_object(Bucket="versions", Key="key", VersionId=another)
    denied(client.delete_object, Bucket="versions", Key="key")
    denied(client.delete_objects, Bucket="versions", Delete={"Objects": [{"Key": "key"}]})


@pytest.mark.parametrize(
    ("action", "operation"),
    [("s3:ListBucketVersions", "list_object_versions"), ("s3:ListBucket", "list_objects_v2")],
)
def test_versions_are_listed_by_their_own_action(
    emulator: RunningEmulator, rights: Rights, action: str, operation: str
) -> None:
    emulator.client("s3").create_bucket(Bucket="listed")
    client = emulator.client("s3", rights(allow(action, "arn:aws:s3:::listed")))
    getattr(client, operation)(Bucket="listed")
    for other in {"list_object_versions", "list_objects_v2"} - {operation}:
        denied(getattr(client, other), Bucket="listed")


def test_reading_a_version_needs_the_action_of_versions(
    emulator: RunningEmulator, rights: Rights
) -> None:
    root = emulator.client("s3")
    root.create_bucket(Bucket="read")
    root.put_bucket_versioning(Bucket="read", VersioningConfiguration={"Status": "Enabled"})
    version = root.put_object(Bucket="read", Key="key", Body=b"1")["VersionId"]
    client = emulator.client("s3", rights(allow("s3:GetObject", "arn:aws:s3:::read/*")))
    client.get_object(Bucket="read", Key="key")
    denied(client.get_object, Bucket="read", Key="key", VersionId=version)


def test_a_bucket_policy_for_tls_only_allows_the_local_calls(emulator: RunningEmulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="tls-only")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps(policy))
    s3.put_object(Bucket="tls-only", Key="key", Body=b"1")
    assert s3.get_object(Bucket="tls-only", Key="key")["Body"].read() == b"1"


def test_a_bucket_policy_that_names_a_role_by_its_arn_is_of_its_sessions(
    emulator: RunningEmulator, rights: Rights
) -> None:
    keys = rights(allow("s3:GetObject", "*"))
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="closed")
    s3.put_object(Bucket="closed", Key="key", Body=b"1")

    def close_to(role: str) -> None:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject*",
            "Resource": "arn:aws:s3:::closed/*",
            "Condition": {
                "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"}
            },
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket="closed", Policy=json.dumps(policy))

    close_to("test*")
    denied(emulator.client("s3", keys).get_object, Bucket="closed", Key="key")
    assert s3.get_object(Bucket="closed", Key="key")["Body"].read() == b"1"
    close_to("other*")
    emulator.client("s3", keys).get_object(Bucket="closed", Key="key")


@pytest.mark.parametrize("keys", [Keys("123456789012"), Keys("AKIAIOSFODNN7EXAMPLE")])
def test_nobody_else_is_the_root_user(emulator: RunningEmulator, keys: Keys) -> None:
    with pytest.raises(ClientError):
        emulator.client("s3", keys).list_buckets()
    with pytest.raises(ClientError):
        emulator.client("iam", keys).list_roles()


def test_an_unsigned_request_is_denied(emulator: RunningEmulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="private")
    s3.put_object(Bucket="private", Key="key", Body=b"secret")
    answer = httpx.get(f"{emulator.endpoint_url}/private/key")
    assert answer.status_code == 403
    assert b"secret" not in answer.content
    answer = httpx.put(f"{emulator.endpoint_url}/private/other", content=b"x")
    assert answer.status_code == 403


def test_a_signature_with_another_secret_is_denied(
    emulator: RunningEmulator, rights: Rights
) -> None:
    keys = rights(allow("s3:*", "*"))
    emulator.client("s3", keys).list_buckets()
    forged = Keys(keys.access_key_id, "another-secret", keys.session_token)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        emulator.client("s3", forged).list_buckets()


def test_a_query_parameter_does_not_rename_the_action(
    emulator: RunningEmulator, rights: Rights
) -> None:
    emulator.client("s3").create_bucket(Bucket="renamed")
    keys = rights(allow("s3:ListBucket", "*"))
    request = AWSRequest("DELETE", f"{emulator.endpoint_url}/renamed?Action=ListBucket")
    credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
    S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
    answer = httpx.delete(str(request.url), headers=dict(request.headers.items()))
    assert answer.status_code == 403
    assert "s3:DeleteBucket" in answer.text
