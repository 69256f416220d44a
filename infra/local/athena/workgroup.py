"""What a work group says about a query: where its result goes, how much it may scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.local.athena.errors import RequestError

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """The settings of one query, of the client or of its work group."""

    result_configuration: dict[str, Any]
    """`ResultConfiguration` of the API; its OutputLocation is a folder and ends with a slash."""
    scan_limit_bytes: int | None
    enforced: bool


def query_settings(
    athena: AthenaClient, work_group: str, requested: dict[str, Any]
) -> QuerySettings:
    """The settings in force for a query of the work group.

    Raises:
        RequestError: the work group is unknown or disabled, or no output location is given.
    """
    configuration = _configuration(athena, work_group)
    enforced = bool(configuration.get("EnforceWorkGroupConfiguration", False))
    own = {key: value for key, value in requested.items() if value}
    group = configuration.get("ResultConfiguration", {})
    result = dict(group) if enforced else {**group, **own}
    location = result.get("OutputLocation", "")
    if not location:
        raise RequestError(
            "No output location provided. An output location is required either through the "
            "Workgroup result configuration setting or as an API input."
        )
    if not location.startswith("s3://") or not location.removeprefix("s3://").strip("/"):
        raise RequestError(f"outputLocation is not a valid S3 path: {location}")
    result["OutputLocation"] = f"{location.rstrip('/')}/"
    option = result.get("EncryptionConfiguration", {}).get("EncryptionOption")
    if option == "CSE_KMS":
        raise RequestError("CSE_KMS is not supported by the embedded Athena: use SSE_KMS or SSE_S3")
    return QuerySettings(result, configuration.get("BytesScannedCutoffPerQuery"), enforced)


def _configuration(athena: AthenaClient, work_group: str) -> dict[str, Any]:
    try:
        found = athena.get_work_group(WorkGroup=work_group).get("WorkGroup")
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidRequestException":
            raise
        found = None
    if found is None:
        if work_group == "primary":
            return {}  # every account has it
        raise RequestError(f"WorkGroup {work_group} is not found.")
    if found.get("State") == "DISABLED":
        raise RequestError(f"WorkGroup {work_group} is disabled.")
    return dict(found.get("Configuration", {}))
