"""The face of the control plane: operations of `redshift-serverless`, request in, answer out."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.redshift.api_model import ApiModel
from infra.local.redshift.errors import ApiError, invalid
from infra.local.redshift.serverless.namespaces import Namespaces
from infra.local.redshift.serverless.register import Document, Register
from infra.local.redshift.serverless.surroundings import Surroundings
from infra.local.redshift.serverless.usage_limits import UsageLimits
from infra.local.redshift.serverless.workgroups import Workgroups, timeout_seconds
from infra.local.redshift.warehouse import Warehouse

type Request = Mapping[str, Any]

_CREDENTIAL_SECONDS = (900, 3600)
"""How long the credentials of GetCredentials live: the least and the most."""


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """Answers the operations for the account and region of a register."""

    register: Register
    surroundings: Surroundings
    api: ApiModel

    def handle(self, operation: str, request: Request, *, db_user: str) -> Document:
        """Answer one call; `db_user` is who the caller is in a database.

        Raises:
            ApiError: the call is refused.
        """
        self.api.check(operation, request)
        answer = self._operations(db_user).get(operation)
        if answer is None:
            raise ApiError(
                "UnsupportedOperation", f"{operation} is not supported by the embedded Redshift"
            )
        return answer(request)

    def warehouse(self, workgroup: str) -> Warehouse:
        """What the Data API works on, by the name or ARN of a work group.

        Raises:
            ApiError: there is no such work group.
        """
        found = self.workgroups.named(workgroup)
        namespace = self.register.namespace(found["namespaceName"])
        return Warehouse(
            account_id=self.register.account_id,
            region=self.register.region,
            workgroup=found["workgroupName"],
            workgroup_arn=found["workgroupArn"],
            namespace_id=namespace["namespaceId"],
            namespace_arn=namespace["namespaceArn"],
            database=namespace["dbName"],
            admin_secret_arn=namespace.get("adminPasswordSecretArn"),
            default_role_arn=namespace.get("defaultIamRoleArn"),
            timeout_seconds=timeout_seconds(found),
            role_arns=tuple(namespace["iamRoles"]),
        )

    @property
    def namespaces(self) -> Namespaces:
        """The operations on namespaces."""
        return Namespaces(self.register, self.surroundings)

    @property
    def workgroups(self) -> Workgroups:
        """The operations on work groups."""
        return Workgroups(self.register, self.surroundings)

    def _operations(self, db_user: str) -> dict[str, Callable[[Request], Document]]:
        namespaces, workgroups = self.namespaces, self.workgroups
        limits = UsageLimits(self.register)
        return {
            "CreateNamespace": namespaces.create,
            "GetNamespace": namespaces.get,
            "ListNamespaces": namespaces.listing,
            "UpdateNamespace": namespaces.update,
            "DeleteNamespace": namespaces.delete,
            "CreateWorkgroup": workgroups.create,
            "GetWorkgroup": workgroups.get,
            "ListWorkgroups": workgroups.listing,
            "UpdateWorkgroup": workgroups.update,
            "DeleteWorkgroup": workgroups.delete,
            "CreateUsageLimit": limits.create,
            "GetUsageLimit": limits.get,
            "ListUsageLimits": limits.listing,
            "UpdateUsageLimit": limits.update,
            "DeleteUsageLimit": limits.delete,
            "GetCredentials": lambda request: self._credentials(request, db_user),
            "ListTagsForResource": self._tags,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def _credentials(self, request: Request, db_user: str) -> Document:
        """GetCredentials; the embedded Redshift takes statements by its Data API alone."""
        if "workgroupName" not in request:
            raise invalid("workgroupName is required.")
        self.register.workgroup(request["workgroupName"])
        least, most = _CREDENTIAL_SECONDS
        seconds = request.get("durationSeconds", least)
        if not least <= seconds <= most:
            raise invalid(f"durationSeconds: {seconds} is not from {least} to {most}.")
        expiration = time.time() + seconds
        return {
            "dbUser": db_user,
            "dbPassword": secrets.token_urlsafe(48),
            "expiration": expiration,
            "nextRefreshTime": expiration,
        }

    def _tags(self, request: Request) -> Document:
        tags = self.register.tagged(request["resourceArn"])
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def _tag(self, request: Request) -> Document:
        self.register.tag(request["resourceArn"], request["tags"])
        return {}

    def _untag(self, request: Request) -> Document:
        tags = self.register.tagged(request["resourceArn"])
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}
