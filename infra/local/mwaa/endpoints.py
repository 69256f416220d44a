"""The endpoints of an environment's database and web server, where its owner makes them.

Source: https://docs.aws.amazon.com/mwaa/latest/userguide/vpc-endpoint-management.html
"""

from __future__ import annotations

import hashlib
import time

from infra.local.mwaa.credentials import EmbeddedAws
from infra.local.mwaa.model import ConfigurationError, Record

PATIENCE_SECONDS = 72 * 3600
"""How long MWAA waits for the endpoints."""


def endpoint_services(record: Record) -> dict[str, str]:
    """The names of the services that endpoints are made to, by the API's names for them.

    A web server that is reached over the Internet alone has none.
    """
    names = ["DatabaseVpcEndpointService"]
    if record.properties.webserver_access_mode != "PUBLIC_ONLY":
        names.append("WebserverVpcEndpointService")
    return {
        name: f"com.amazonaws.vpce.{record.region}.vpce-svc-{_service_id(record, name)}"
        for name in names
    }


def _service_id(record: Record, name: str) -> str:
    return hashlib.sha256(f"{record.arn}/{record.created_at}/{name}".encode()).hexdigest()[:17]


def missing_endpoints(record: Record, aws: EmbeddedAws) -> list[str]:
    """The services without an endpoint; none where MWAA itself makes them.

    Raises ConfigurationError if they are missing for longer than MWAA waits.
    """
    if record.properties.endpoint_management == "SERVICE":
        return []
    found = aws.ec2().describe_vpc_endpoints()["VpcEndpoints"]
    made = {each["ServiceName"] for each in found if each["State"] == "available"}
    missing = sorted(set(endpoint_services(record).values()) - made)
    if missing and time.time() - record.created_at > PATIENCE_SECONDS:
        raise ConfigurationError(
            f"No VPC endpoint was created within 72 hours for {' and '.join(missing)}"
        )
    return missing
