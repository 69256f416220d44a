"""Namespaces: a database with its users and roles, without the compute that works on it.

Source: https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_Namespace.html
"""

from __future__ import annotations

import json
import re
import secrets
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.local.redshift.errors import conflict, invalid
from infra.local.redshift.serverless.register import Document, Register, page
from infra.local.redshift.serverless.surroundings import Surroundings

type Request = Mapping[str, Any]

_DATABASE = re.compile(r"[a-zA-Z][a-zA-Z_0-9+.@-]{0,126}")
_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[!-~]{8,64}")
_NOT_IN_A_PASSWORD = re.compile(r"[/@\"\\' ]")
_PASSWORD_LENGTH = 32
_OWNED_KEY = "AWS_OWNED_KMS_KEY"


@dataclass(frozen=True)
class Namespaces:
    """The operations; each takes and gives what the API does."""

    register: Register
    surroundings: Surroundings

    def create(self, request: Request) -> Document:
        """CreateNamespace."""
        name = request["namespaceName"]
        if name in self.register.namespaces:
            raise conflict(f"Namespace {name} already exists.")
        id = str(uuid.uuid4())
        namespace: Document = {
            "namespaceName": name,
            "namespaceId": id,
            "namespaceArn": self.register.arn("namespace", id),
            "dbName": request.get("dbName", "dev"),
            "adminUsername": request.get("adminUsername", "admin"),
            "kmsKeyId": request.get("kmsKeyId", _OWNED_KEY),
            "logExports": request.get("logExports", []),
            "iamRoles": request.get("iamRoles", []),
            "creationDate": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "status": "AVAILABLE",
        }
        if not _DATABASE.fullmatch(namespace["dbName"]):
            raise invalid(f"The database name {namespace['dbName']!r} is not valid.")
        _set_default_role(namespace, request)
        self._set_password(namespace, request)
        self.register.namespaces[name] = namespace
        self.register.tag(namespace["namespaceArn"], request.get("tags", []))
        return {"namespace": shown(namespace)}

    def get(self, request: Request) -> Document:
        """GetNamespace."""
        return {"namespace": shown(self.register.namespace(request["namespaceName"]))}

    def listing(self, request: Request) -> Document:
        """ListNamespaces."""
        every = [shown(each) for each in self.register.namespaces.values()]
        return page(every, request, "namespaces")

    def update(self, request: Request) -> Document:
        """UpdateNamespace."""
        current = self.register.namespace(request["namespaceName"])
        if "adminUserPassword" in request and "adminUsername" not in request:
            raise invalid("adminUserPassword is given together with adminUsername.")
        changed = ("adminUsername", "kmsKeyId", "logExports", "iamRoles")
        namespace = current | {name: request[name] for name in changed if name in request}
        _set_default_role(namespace, request)
        self._set_password(namespace, request)
        current.clear()
        current.update(namespace)
        return {"namespace": shown(current)}

    def delete(self, request: Request) -> Document:
        """DeleteNamespace: its databases are gone for good."""
        name = request["namespaceName"]
        namespace = self.register.namespace(name)
        users = [
            each["workgroupName"]
            for each in self.register.workgroups.values()
            if each["namespaceName"] == name
        ]
        if users:
            raise conflict(f"Namespace {name} is used by the workgroup {users[0]}.")
        if request.get("finalSnapshotName"):
            raise invalid("finalSnapshotName: the embedded Redshift takes no snapshots.")
        if secret := namespace.get("adminPasswordSecretArn"):
            self.surroundings.drop_secret(secret)
        del self.register.namespaces[name]
        self.register.tags.pop(namespace["namespaceArn"], None)
        self.surroundings.drop_data(namespace["namespaceId"])
        return {"namespace": shown(namespace) | {"status": "DELETING"}}

    def _set_password(self, namespace: Document, request: Request) -> None:
        """Take the administrator's password, or make one and keep it as a secret."""
        given = request.get("adminUserPassword")
        managed = request.get("manageAdminPassword")
        if given is not None and managed:
            raise invalid("manageAdminPassword and adminUserPassword exclude each other.")
        if given is not None and (
            not _PASSWORD.fullmatch(given) or _NOT_IN_A_PASSWORD.search(given)
        ):
            raise invalid(
                "adminUserPassword: expected 8 to 64 printable ASCII characters, among them an "
                "upper case letter, a lower case letter and a number, and none of / @ \" ' \\"
            )
        secret = namespace.get("adminPasswordSecretArn")
        if managed and secret is None:
            key = request.get("adminPasswordSecretKmsKeyId")
            user = namespace["adminUsername"]
            namespace["adminPasswordSecretArn"] = self.surroundings.make_secret(
                f"redshift!{namespace['namespaceName']}-{user}",
                text=json.dumps({"username": user, "password": _new_password()}),
                kms_key_id=key,
            )
            if key:
                namespace["adminPasswordSecretKmsKeyId"] = key
        elif (managed is False or given is not None) and secret is not None:
            self.surroundings.drop_secret(secret)
            del namespace["adminPasswordSecretArn"]
            namespace.pop("adminPasswordSecretKmsKeyId", None)


def _set_default_role(namespace: Document, request: Request) -> None:
    role = request.get("defaultIamRoleArn", namespace.get("defaultIamRoleArn", ""))
    namespace.pop("defaultIamRoleArn", None)
    if role:
        if role not in namespace["iamRoles"]:
            raise invalid(f"defaultIamRoleArn: {role} is none of the namespace's iamRoles.")
        namespace["defaultIamRoleArn"] = role


def _new_password() -> str:
    characters = string.ascii_letters + string.digits
    while True:
        password = "".join(secrets.choice(characters) for _ in range(_PASSWORD_LENGTH))
        if _PASSWORD.fullmatch(password):
            return password


def shown(namespace: Document) -> Document:
    """The namespace as the API answers it, which says of each role that it is in use."""
    roles = [f"IamRole(applyStatus=in-sync, iamRoleArn={arn})" for arn in namespace["iamRoles"]]
    return namespace | {"iamRoles": roles}
