"""What who deploys an environment may read: all that `lake preflight --aws` asks an account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Read:
    """A statement of a policy."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    """ARNs without `arn:PARTITION:`, which may name {prefix}, {database}, {account} and {where},
    which is Region and account."""
    of_own_tag: bool = False
    """Whether only of what has the tag of the environment's stacks, as it has no name."""


READS = (
    Read(
        sid="ReadEnvironment",
        actions=("airflow:GetEnvironment",),
        resources=("airflow:{where}:environment/{prefix}",),
    ),
    Read(
        sid="ReadStacks",
        actions=(
            "cloudformation:DescribeStackEvents",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
        ),
        resources=(
            "cloudformation:{where}:stack/{prefix}-*/*",
            "cloudformation:{where}:stack/CDKToolkit/*",
        ),
    ),
    Read(
        sid="ReadBuckets",
        actions=("s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning", "s3:ListBucket"),
        resources=("s3:::{prefix}-*",),
    ),
    Read(
        sid="ReadKey",
        actions=("kms:GetKeyPolicy",),
        resources=("kms:{where}:key/*",),
        of_own_tag=True,
    ),
    Read(
        sid="ReadRoles",
        actions=("iam:GetRole", "iam:SimulatePrincipalPolicy"),
        resources=("iam::{account}:role/{prefix}-*",),
    ),
    Read(
        sid="ReadDatabase",
        actions=("glue:GetDatabase",),
        resources=("glue:{where}:catalog", "glue:{where}:database/{database}"),
    ),
    Read(
        sid="ReadWorkGroup",
        actions=("athena:GetWorkGroup",),
        resources=("athena:{where}:workgroup/{prefix}",),
    ),
    # None of these is asked of one resource.
    Read(
        sid="ReadAccount",
        actions=(
            "airflow:ListEnvironments",
            "cloudformation:DescribeStacks",
            "ec2:DescribeAddresses",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeNatGateways",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcs",
            "lakeformation:GetDataLakeSettings",
            "logs:DescribeLogGroups",
            "servicequotas:ListServiceQuotas",
        ),
    ),
)
