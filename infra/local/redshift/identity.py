"""Who an identity of IAM is in a database."""

from __future__ import annotations


def db_user(arn: str) -> str:
    """The database user of an identity that comes with temporary credentials.

    Source: https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    match kind:
        case "assumed-role":
            return f"IAMR:{name.partition('/')[0]}"
        case "user":
            return f"IAM:{name.rpartition('/')[2]}"
        case _:
            return "IAM:RootIdentity"
