"""Lake Formation, which ministack does not have: registered locations, grants and settings.

They are kept and read back. Nothing is refused for want of a grant: Athena and Glue go by IAM here.

Source: https://docs.aws.amazon.com/lake-formation/latest/dg/aws-lake-formation-api.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.emulator.seam.catalog import has_database
from infra.local.emulator.seam.own_services import add_service
from infra.local.emulator.seam.services import (
    AwsError,
    Request,
    Response,
    account_id,
    query_call,
    region,
)

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"
BY_IAM = {"Principal": {"DataLakePrincipalIdentifier": EVERYBODY}, "Permissions": ["ALL"]}
"""What an account grants on what is made in its catalog, until somebody takes it away."""
PERMISSIONS = {
    "Database": {"ALL", "ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"},
    "DataLocation": {"DATA_LOCATION_ACCESS"},
    "Table": {"ALL", "ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"},
}
"""By kind of resource; others are not kept here."""

type Parameters = Mapping[str, Any]


class Refused(Exception):
    """A call that the service refuses."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class LakeFormation:
    """The service, of every account and region."""

    def __init__(self) -> None:
        self._state: dict[str, Any] = {}
        self._operations: Mapping[str, Callable[[Parameters], dict[str, Any]]] = {
            "DeregisterResource": self._deregister,
            "DescribeResource": lambda given: {"ResourceInfo": self._registered(given)},
            "GetDataLakeSettings": lambda _: {"DataLakeSettings": self._held["settings"]},
            "GrantPermissions": self._grant,
            "ListPermissions": self._list_permissions,
            "ListResources": lambda _: {"ResourceInfoList": [*self._held["resources"].values()]},
            "PutDataLakeSettings": self._put_settings,
            "RegisterResource": self._register,
            "RevokePermissions": self._revoke,
            "UpdateResource": self._update,
        }

    def install(self) -> None:
        """Serve it, on the event loop."""
        add_service("lakeformation", handler=self._answer, state=self._state)

    def handle(self, operation: str, given: Parameters) -> dict[str, Any]:
        """Answer one call.

        Raises:
            Refused: the service refuses it, or it is not embedded.
        """
        if operation not in self._operations:
            raise Refused("InvalidInputException", f"{operation} is not embedded")
        return self._operations[operation](given)

    async def _answer(self, request: Request) -> Response:
        headers = {"Content-Type": "application/json"}
        try:
            given = json.loads(request.body or b"{}")
            answer = self.handle(request.path.strip("/"), given)
        except Refused as refused:
            headers["x-amzn-ErrorType"] = refused.code
            return Response(400, headers, json.dumps({"Message": str(refused)}).encode())
        return Response(200, headers, json.dumps(answer).encode())

    @property
    def _held(self) -> dict[str, Any]:
        """What the account has in the region."""
        held: dict[str, Any] = self._state.setdefault(
            f"{account_id()}/{region()}",
            {
                "settings": {
                    "DataLakeAdmins": [],
                    "CreateDatabaseDefaultPermissions": [BY_IAM],
                    "CreateTableDefaultPermissions": [BY_IAM],
                },
                "resources": {},
                "grants": [],
            },
        )
        return held

    def _put_settings(self, given: Parameters) -> dict[str, Any]:
        settings = self._held["settings"]
        settings.clear()
        settings.update(given["DataLakeSettings"])
        return {}

    # Locations

    def _register(self, given: Parameters) -> dict[str, Any]:
        arn = given["ResourceArn"]
        if arn in self._held["resources"]:
            raise Refused("AlreadyExistsException", f"Resource is already registered: {arn}")
        self._held["resources"][arn] = {"ResourceArn": arn}
        return self._update(given)

    def _update(self, given: Parameters) -> dict[str, Any]:
        known = ("RoleArn", "WithFederation", "HybridAccessEnabled")
        self._registered(given).update(
            {name: given[name] for name in known if name in given}, LastModified=time.time()
        )
        return {}

    def _deregister(self, given: Parameters) -> dict[str, Any]:
        del self._held["resources"][self._registered(given)["ResourceArn"]]
        return {}

    def _registered(self, given: Parameters) -> dict[str, Any]:
        found: dict[str, Any] | None = self._held["resources"].get(given["ResourceArn"])
        if found is None:
            raise Refused("EntityNotFoundException", f"{given['ResourceArn']} is not registered")
        return found

    # Grants

    def _grant(self, given: Parameters) -> dict[str, Any]:
        principal, resource = given["Principal"], _resource(given)
        self._require(principal["DataLakePrincipalIdentifier"], resource)
        wanted = _permissions(given, resource)
        if (grant := self._find(principal, resource)) is None:
            grant = {"Principal": principal, "Resource": resource, "Permissions": []}
            self._held["grants"].append(grant)
        grant["Permissions"] = sorted({*grant["Permissions"], *wanted})
        return {}

    def _revoke(self, given: Parameters) -> dict[str, Any]:
        grant = self._find(given["Principal"], resource := _resource(given))
        revoked = set(_permissions(given, resource))
        if grant is None or not revoked <= set(grant["Permissions"]):
            raise Refused("InvalidInputException", "No permissions revoked. Grantee has none")
        grant["Permissions"] = sorted({*grant["Permissions"]} - revoked)
        if not grant["Permissions"]:
            self._held["grants"].remove(grant)
        return {}

    def _list_permissions(self, given: Parameters) -> dict[str, Any]:
        resource = _resource(given) if "Resource" in given else None
        found = [
            {**grant, "PermissionsWithGrantOption": []}
            for grant in self._held["grants"]
            if given.get("Principal", grant["Principal"]) == grant["Principal"]
            and resource in (None, grant["Resource"])
        ]
        return {"PrincipalResourcePermissions": found}

    def _find(self, principal: Parameters, resource: Parameters) -> dict[str, Any] | None:
        grants: list[dict[str, Any]] = self._held["grants"]
        for grant in grants:
            if (grant["Principal"], grant["Resource"]) == (principal, resource):
                return grant
        return None

    def _require(self, principal: str, resource: Parameters) -> None:
        """Refuse who or what is not there."""
        if ":role/" in principal and not _role_is_there(principal):
            raise Refused("InvalidInputException", f"Invalid principal, {principal}")
        for kind, described in resource.items():
            if kind == "DataLocation":
                self._registered(described)
            else:
                name = described.get("DatabaseName", described.get("Name"))
                if not has_database(name):
                    raise Refused("EntityNotFoundException", f"Database not found: {name}")


def _resource(given: Parameters) -> dict[str, Any]:
    """The resource as it is answered: with its catalog, every table by its name."""
    [(kind, described)] = given["Resource"].items()
    if kind not in PERMISSIONS:
        raise Refused("InvalidInputException", f"grants on {kind} are not embedded")
    named = {"Name": "ALL_TABLES"} if "TableWildcard" in described else {}
    return {kind: {"CatalogId": account_id(), **described, **named}}


def _permissions(given: Parameters, resource: Parameters) -> list[str]:
    [kind] = resource
    if unknown := set(given["Permissions"]) - PERMISSIONS[kind]:
        raise Refused("InvalidInputException", f"{min(unknown)} is no permission on a {kind}")
    if given.get("PermissionsWithGrantOption"):
        raise Refused("InvalidInputException", "PermissionsWithGrantOption is not embedded")
    return list(given["Permissions"])


def _role_is_there(arn: str) -> bool:
    try:
        query_call("iam", "GetRole", {"RoleName": arn.rpartition("/")[2]})
    except AwsError:
        return False
    return True
