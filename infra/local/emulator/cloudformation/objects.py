"""Objects of a bucket, called in process with the rights of the service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.emulator.seam.services import AwsError, call, parse_xml

_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of an object, or a delete marker."""

    key: str
    version_id: str


def tags(bucket: str) -> dict[str, str]:
    """The tags of a bucket, empty if it has none.

    Raises:
        AwsError: there is no such bucket.
    """
    try:
        _, _, body = call("s3", "GET", f"/{bucket}", query={"tagging": ""})
    except AwsError as error:
        if "NoSuchTagSet" in str(error):
            return {}
        raise
    return {
        tag.findtext("{*}Key", ""): tag.findtext("{*}Value", "")
        for tag in parse_xml(body).iterfind(".//{*}Tag")
    }


def keys(bucket: str, *, prefix: str) -> dict[str, str]:
    """The ETags of the current objects whose key begins with `prefix`, by key."""
    found: dict[str, str] = {}
    query = {"list-type": "2", "prefix": prefix, "max-keys": str(_PAGE)}
    while True:
        _, _, body = call("s3", "GET", f"/{bucket}", query=query)
        page = parse_xml(body)
        for item in page.iterfind("{*}Contents"):
            found[item.findtext("{*}Key", "")] = item.findtext("{*}ETag", "").strip('"')
        token = page.findtext("{*}NextContinuationToken")
        if page.findtext("{*}IsTruncated") != "true" or not token:
            return found
        query["continuation-token"] = token


def versions(bucket: str, *, prefix: str) -> Iterator[Version]:
    """Every version and delete marker; those that were yielded may be deleted meanwhile."""
    while True:
        query = {"versions": "", "prefix": prefix, "max-keys": str(_PAGE)}
        _, _, body = call("s3", "GET", f"/{bucket}", query=query)
        page = parse_xml(body)
        found = [*page.iterfind("{*}Version"), *page.iterfind("{*}DeleteMarker")]
        for item in found:
            yield Version(
                key=item.findtext("{*}Key", ""), version_id=item.findtext("{*}VersionId", "")
            )
        if page.findtext("{*}IsTruncated") != "true":
            return


def read(bucket: str, key: str) -> bytes:
    """The content of an object."""
    content: bytes = call("s3", "GET", f"/{bucket}/{key}")[2]
    return content


def write(bucket: str, key: str, content: bytes, *, headers: dict[str, str]) -> None:
    """Write an object."""
    call("s3", "PUT", f"/{bucket}/{key}", headers=headers, body=content)


def version_id(bucket: str, key: str) -> str:
    """The version of the current object; empty if the bucket has no versions or no such object."""
    try:
        _, headers, _ = call("s3", "HEAD", f"/{bucket}/{key}")
    except AwsError as error:
        if error.status == 404:  # noqa: PLR2004 - not found
            return ""
        raise
    return headers.get("x-amz-version-id", "")


def delete(bucket: str, key: str, *, version_id: str | None = None) -> None:
    """Delete an object, or one version of it for good."""
    query = {} if version_id is None else {"versionId": version_id}
    call("s3", "DELETE", f"/{bucket}/{key}", query=query)
