from __future__ import annotations

import pytest

from infra.local.redshift.identity import db_user


@pytest.mark.parametrize(
    ("arn", "user"),
    [
        ("arn:aws:sts::123456789012:assumed-role/lake-airflow/AmazonMWAA-airflow", "lake-airflow"),
        ("arn:aws:sts::123456789012:assumed-role/a/b@c", "a"),
    ],
)
def test_the_sessions_of_a_role_are_one_user(arn: str, user: str) -> None:
    assert db_user(arn) == f"IAMR:{user}"


def test_a_user_keeps_its_name_without_its_path() -> None:
    assert db_user("arn:aws:iam::123456789012:user/team/ana") == "IAM:ana"


def test_the_root_user_has_a_name_of_its_own() -> None:
    assert db_user("arn:aws:iam::123456789012:root") == "IAM:RootIdentity"
