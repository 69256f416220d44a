"""Lake Formation, where the settings have it: the location, the grants, and nothing without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.environments import DEV
from infra.preflight.assembly import synthesize
from infra.preflight.result import Outcome
from infra.preflight.suppressions import read_suppressions
from infra.preflight.templates import check_templates
from infra.settings import EnvironmentSettings, LakeFormationSettings
from tests.synth.templates import PSEUDO_PARAMETERS, Templates

READER = "arn:aws:iam::111122223333:role/team/analyst"
SETTINGS = EnvironmentSettings(
    **{**dict(DEV), "lake_formation": LakeFormationSettings(readers=(READER,))}
)
BUCKET = "arn:aws-cn:s3:::lake-dev-curated-111122223333-cn-north-1"
CATALOG = {"CatalogId": PSEUDO_PARAMETERS["AWS::AccountId"]}


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates.synthesize(SETTINGS, outdir=tmp_path_factory.mktemp("governed"))


def granted(templates: Templates, principal: str) -> list[tuple[Any, list[str]]]:
    """What is granted to a principal: on what, and which permissions."""
    return [
        (grant.properties["Resource"], grant.properties["Permissions"])
        for grant in templates.of_type("AWS::LakeFormation::PrincipalPermissions")
        if grant.properties["Principal"] == {"DataLakePrincipalIdentifier": principal}
    ]


def test_without_it_the_account_says_what_is_granted_on_new_tables(
    templates: Templates,
) -> None:
    assert not [each for each in templates.resources if "LakeFormation" in each.type]
    assert not any("lakeformation" in text for text in templates.strings())
    database = templates.only("AWS::Glue::Database").properties["DatabaseInput"]
    assert "CreateTableDefaultPermissions" not in database


def test_the_execution_role_may_do_what_the_dags_do(governed: Templates) -> None:
    database, tables = {**CATALOG, "Name": "lake_dev"}, {**CATALOG, "DatabaseName": "lake_dev"}
    assert granted(governed, "Airflow/ExecutionRole.Arn") == [
        ({"DataLocation": {**CATALOG, "ResourceArn": BUCKET}}, ["DATA_LOCATION_ACCESS"]),
        ({"Database": database}, ["ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"]),
        ({"Table": {**tables, "TableWildcard": {}}}, ["ALL"]),
    ]
    policy = governed.only("AWS::IAM::Policy", "Airflow/ExecutionRole/Permissions")
    statements = policy.properties["PolicyDocument"]["Statement"]
    assert [each["Action"] for each in statements if each["Sid"] == "GetGrantedData"] == [
        "lakeformation:GetDataAccess"
    ]


def test_readers_may_read_and_nothing_else(governed: Templates) -> None:
    [(_, on_database), (tables, on_tables)] = granted(governed, READER)
    assert (on_database, on_tables) == (["DESCRIBE"], ["DESCRIBE", "SELECT"])
    assert tables["Table"]["TableWildcard"] == {}
    grants = governed.of_type("AWS::LakeFormation::PrincipalPermissions")
    assert not any(grant.properties["PermissionsWithGrantOption"] for grant in grants)


def test_new_tables_are_open_to_nobody_but_by_grant(governed: Templates) -> None:
    database = governed.only("AWS::Glue::Database").properties["DatabaseInput"]
    assert database["CreateTableDefaultPermissions"] == []
    location = governed.only("AWS::LakeFormation::Resource").properties
    assert (location["ResourceArn"], location["HybridAccessEnabled"]) == (BUCKET, False)
    assert location["RoleArn"] == "Airflow/LakeFormation/LocationRole.Arn"
    assert location["UseServiceLinkedRole"] is False


def test_what_is_granted_is_there_before_a_dag_runs(governed: Templates) -> None:
    environment = governed.only("AWS::MWAA::Environment")
    for type in ("AWS::LakeFormation::Resource", "AWS::LakeFormation::PrincipalPermissions"):
        assert {each.path for each in governed.of_type(type)} <= set(environment.depends_on)


def test_the_role_of_the_location_reaches_the_tables_alone(governed: Templates) -> None:
    role = governed.only("AWS::IAM::Role", "Airflow/LakeFormation/LocationRole").properties
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lakeformation.amazonaws.com"}
    policy = governed.only("AWS::IAM::Policy", "Airflow/LakeFormation/LocationRole/Permissions")
    reached = [each["Resource"] for each in policy.properties["PolicyDocument"]["Statement"]]
    assert reached == [f"{BUCKET}/*", BUCKET, "Key.Arn"]


def test_with_keys_that_aws_owns_the_role_of_the_location_asks_for_none(tmp_path: Path) -> None:
    owned = SETTINGS.model_copy(update={"encryption_key": "aws-owned"})
    templates = Templates.synthesize(owned, outdir=tmp_path)
    policy = templates.only("AWS::IAM::Policy", "Airflow/LakeFormation/LocationRole/Permissions")
    reached = [each["Resource"] for each in policy.properties["PolicyDocument"]["Statement"]]
    assert reached == [f"{BUCKET}/*", BUCKET]


def test_the_linters_find_nothing_more_than_without_it(tmp_path: Path) -> None:
    suppressions = read_suppressions(SETTINGS)
    found = check_templates(synthesize(SETTINGS, tmp_path), suppressions=suppressions)
    assert [each for each in found if each.outcome is Outcome.FAIL] == []
