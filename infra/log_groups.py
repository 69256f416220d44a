"""Log groups that end: encrypted, with a retention, and deleted with their stack."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnResource, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.encryption import Encryption
from infra.settings import EnvironmentSettings

AUTO_DELETE_PROVIDER = "Custom::S3AutoDeleteObjectsCustomResourceProvider"
"""The id that the CDK gives, in each stack, to the function that empties buckets."""


class LakeLogGroup(logs.LogGroup):
    """A log group called `name` that is kept as long as the environment's settings say."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        encryption: Encryption,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(
            scope,
            id,
            log_group_name=name,
            encryption_key=encryption.key,
            removal_policy=RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY,
        )
        # In days, as the settings have it; the CDK's own enumeration has no way from a number.
        cast(
            logs.CfnLogGroup, self.node.default_child
        ).retention_in_days = settings.log_retention_days


def adopt_auto_delete_logs(
    stack: Stack, *, encryption: Encryption, settings: EnvironmentSettings
) -> None:
    """Give the function that empties the stack's buckets, if there is one, a log group that ends.

    Lambda would make one for it that outlives the stack.
    """
    provider = stack.node.try_find_child(AUTO_DELETE_PROVIDER)
    if provider is None:
        return
    log_group = LakeLogGroup(
        stack,
        "AutoDeleteLogs",
        name=f"/aws/lambda/{stack.stack_name}-auto-delete",
        encryption=encryption,
        settings=settings,
    )
    function = cast(CfnResource, provider.node.find_child("Handler"))
    function.add_property_override("LoggingConfig", {"LogGroup": log_group.log_group_name})
