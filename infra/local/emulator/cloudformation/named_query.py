"""`AWS::Athena::NamedQuery`: a query that Athena keeps under a name.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html
"""

from __future__ import annotations

import json
from typing import Any

from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    refuse_unsupported,
)
from infra.local.emulator.seam.services import call

_SUPPORTED = frozenset({"Database", "Description", "Name", "QueryString", "WorkGroup"})


class NamedQuery:
    """The resource type; `Ref` is the query's id."""

    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Save the query, in a work group that is there."""
        wanted = declared.properties
        unsupported = sorted(set(wanted) - _SUPPORTED)
        refuse_unsupported("AWS::Athena::NamedQuery", unsupported, _SUPPORTED)
        query = {"Name": declared.owner.replace("/", "-"), "WorkGroup": "primary", **wanted}
        _call("GetWorkGroup", WorkGroup=query["WorkGroup"])
        query_id = _call("CreateNamedQuery", **query)["NamedQueryId"]
        return Provisioned(physical_id=query_id, attributes={"NamedQueryId": query_id})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:  # noqa: ARG002 - protocol
        """Save another one: every property asks for a replacement."""
        return self.create(declared)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete the query; nothing where it is gone."""
        _call("DeleteNamedQuery", NamedQueryId=physical_id)


def _call(operation: str, **request: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        call(
            "athena",
            "POST",
            "/",
            headers={
                "content-type": "application/x-amz-json-1.1",
                "x-amz-target": f"AmazonAthena.{operation}",
            },
            body=json.dumps(request).encode(),
        ).body
    )
    return answer
