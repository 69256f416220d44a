"""Who may be a reader; who may not, test_refusals.py says."""

from __future__ import annotations

import pytest

from infra.environments import DEV
from infra.settings import EnvironmentSettings, LakeFormationSettings

ROLE = "arn:aws:iam::111122223333:role/team/analyst"
PERSON = "arn:aws-cn:iam::111122223333:user/ann"


@pytest.mark.parametrize("account", [None, "111122223333"])
def test_users_and_roles_of_the_account_may_read(account: str | None) -> None:
    readers = LakeFormationSettings(readers=(ROLE, PERSON))
    settings = {**dict(DEV), "account": account, "lake_formation": readers}
    assert EnvironmentSettings(**settings).lake_formation == readers


def test_it_is_off_by_default() -> None:
    assert DEV.lake_formation is None
