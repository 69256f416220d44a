"""The roles that COPY and UNLOAD take: assumed as the service, so that their rights apply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.athena.clients import Credentials
from infra.local.redshift.engine import RedshiftError
from infra.local.redshift.warehouse import Warehouse

PRINCIPAL = "redshift-serverless.amazonaws.com"
INSUFFICIENT_PRIVILEGE = "42501"
_ROOT = "test"
"""Both halves of the root user's access key on the laptop."""
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 3})


@dataclass(frozen=True, kw_only=True)
class CopyRoles:
    """Asks STS at `endpoint` for sessions, in the name of Redshift Serverless."""

    endpoint: str
    control_key: str = field(repr=False)

    def assume(self, warehouse: Warehouse, role_arn: str | None) -> Credentials:
        """Credentials of a role of the namespace; of its default role for None.

        Raises:
            RedshiftError: the namespace does not have the role, or may not assume it.
        """
        role = role_arn or warehouse.default_role_arn
        if role is None:
            raise RedshiftError(
                "The default IAM role is not set for the namespace.", INSUFFICIENT_PRIVILEGE
            )
        if role not in warehouse.role_arns:
            raise RedshiftError(
                f"The requested role {role} is not associated to cluster", INSUFFICIENT_PRIVILEGE
            )
        try:
            session = self._sts(warehouse).assume_role(
                RoleArn=role, RoleSessionName=f"RedshiftIamRoleSession-{warehouse.workgroup}"[:64]
            )["Credentials"]
        except ClientError as error:
            raise RedshiftError(
                f"User {warehouse.namespace_arn} is not authorized to assume IAM Role {role}. "
                f"Detail: {error.response['Error'].get('Message', '')}",
                INSUFFICIENT_PRIVILEGE,
            ) from error
        return Credentials(
            session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
        )

    def _sts(self, warehouse: Warehouse) -> Any:  # boto3-stubs is installed without STS
        session = boto3.session.Session(
            aws_access_key_id=_ROOT,
            aws_secret_access_key=_ROOT,
            region_name=warehouse.region,
        )
        sts = session.client("sts", endpoint_url=self.endpoint, config=_CONFIG)

        def name_service(request: AWSRequest, **_: object) -> None:
            request.headers["X-Lake-Control-Key"] = self.control_key
            request.headers["X-Lake-Service"] = PRINCIPAL
            request.headers["X-Lake-Source-Arn"] = warehouse.namespace_arn

        sts.meta.events.register("before-sign.sts.AssumeRole", name_service)
        return sts
