"""`Custom::CDKBucketDeployment`: files of CDK's assets copied to a bucket, as CDK's function does.

An object whose content is unchanged is not written again, so that its version stays.
Source: custom-resource-handlers/lib/aws-s3-deployment/bucket-deployment-handler/index.py of
aws-cdk-lib 2.275.0.
"""

from __future__ import annotations

import hashlib
import io
import json
import mimetypes
import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

from infra.local.emulator.cloudformation import objects
from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned

_OWNED = "aws-cdk:cr-owned"
"""The beginning of the tag by which deployments mark a bucket as theirs."""
_SYSTEM_METADATA = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language"}
    | {"content-type", "expires"}
)


class UnsupportedDeployment(Exception):
    """A deployment that the embedded AWS cannot do; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The properties of a deployment, with CDK's defaults."""

    sources: tuple[tuple[str, str], ...]
    """Bucket and key of each asset."""
    markers: tuple[tuple[Mapping[str, str], bool], ...]
    """For each asset the texts to replace, and whether they stand in JSON."""
    bucket: str
    prefix: str
    """Empty, or ending with a slash."""
    extract: bool
    prune: bool
    retain_on_delete: bool
    exclude: tuple[str, ...]
    include: tuple[str, ...]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, properties: Properties) -> Deployment:
        """Read the properties of the custom resource."""
        if properties.get("DistributionId"):
            raise UnsupportedDeployment("the embedded AWS has no CloudFront to invalidate")
        sources = zip(properties["SourceBucketNames"], properties["SourceObjectKeys"], strict=True)
        prefix = properties.get("DestinationBucketKeyPrefix", "").strip("/")
        empty: list[dict[str, Any]] = [{}] * len(properties["SourceObjectKeys"])
        return cls(
            sources=tuple(sources),
            markers=tuple(
                (markers, _flag(config, "jsonEscape", default=False))
                for markers, config in zip(
                    properties.get("SourceMarkers") or empty,
                    properties.get("SourceMarkersConfig") or empty,
                    strict=True,
                )
            ),
            bucket=properties["DestinationBucketName"],
            prefix=f"{prefix}/" if prefix else "",
            extract=_flag(properties, "Extract", default=True),
            prune=_flag(properties, "Prune", default=True),
            retain_on_delete=_flag(properties, "RetainOnDelete", default=True),
            exclude=tuple(properties.get("Exclude") or ()),
            include=tuple(properties.get("Include") or ()),
            headers=_headers(properties),
        )

    def concerns(self, path: str) -> bool:
        """Whether the filters leave a path in; of those that match, the last one decides."""
        concerned = True
        for patterns, verdict in ((self.exclude, False), (self.include, True)):
            if any(fnmatchcase(path, pattern) for pattern in patterns):
                concerned = verdict
        return concerned

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The files to deploy: the path below the prefix, and the content."""
        for (bucket, key), (markers, in_json) in zip(self.sources, self.markers, strict=True):
            asset = objects.read(bucket, key)
            if not self.extract:
                yield posixpath.basename(key), asset
                continue
            with zipfile.ZipFile(io.BytesIO(asset)) as archive:
                for member in archive.infolist():
                    if not member.is_dir():
                        content = archive.read(member)
                        yield member.filename, _replace_markers(content, markers, in_json)


def _flag(properties: Properties, name: str, *, default: bool) -> bool:
    """A boolean, which CloudFormation hands to a function as text."""
    return str(properties.get(name, default)).lower() == "true"


def _headers(properties: Properties) -> dict[str, str]:
    system = {k.lower(): v for k, v in (properties.get("SystemMetadata") or {}).items()}
    unknown = sorted(set(system) - _SYSTEM_METADATA)
    if unknown:
        raise UnsupportedDeployment(f"the embedded AWS cannot set {', '.join(unknown)} of objects")
    user = properties.get("UserMetadata") or {}
    return {**system, **{f"x-amz-meta-{key.lower()}": value for key, value in user.items()}}


def _replace_markers(content: bytes, markers: Mapping[str, str], in_json: bool) -> bytes:
    for marker, value in markers.items():
        text = json.dumps(value).strip('"') if in_json else str(value)
        content = content.replace(marker.encode(), text.encode())
    return content


class BucketDeployment:
    """The resource type."""

    waits = True

    def create(self, declared: Declared) -> Provisioned:
        """Copy the files."""
        return self._deploy(f"aws.cdk.s3deployment.{uuid4()}", declared.properties, rewrite=False)

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Copy what changed; a destination that was left is emptied unless it is retained."""
        old, new = Deployment.of(previous), Deployment.of(declared.properties)
        if not new.retain_on_delete and (old.bucket, old.prefix) != (new.bucket, new.prefix):
            _empty(old)
        return self._deploy(physical_id, declared.properties, rewrite=old.headers != new.headers)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Empty the destination, unless it is retained or another deployment owns it."""
        deployment = Deployment.of(properties)
        if not deployment.retain_on_delete and not _is_owned(deployment):
            _empty(deployment)

    def _deploy(self, physical_id: str, properties: Properties, *, rewrite: bool) -> Provisioned:
        deployment = Deployment.of(properties)
        _synchronize(deployment, rewrite=rewrite)
        reports_keys = _flag(properties, "OutputObjectKeys", default=True)
        attributes: dict[str, Any] = {
            "DestinationBucketArn": properties.get("DestinationBucketArn"),
            "SourceObjectKeys": properties["SourceObjectKeys"] if reports_keys else [],
        }
        if _flag(properties, "OutputObjectVersionIds", default=False):
            attributes["SourceObjectVersionIds"] = [
                objects.version_id(
                    deployment.bucket, deployment.prefix + posixpath.basename(source_key)
                )
                for _, source_key in deployment.sources
            ]
        return Provisioned(physical_id=physical_id, attributes=attributes)


def _synchronize(deployment: Deployment, *, rewrite: bool) -> None:
    """Make the destination hold the files, as `aws s3 sync` does."""
    bucket, prefix = deployment.bucket, deployment.prefix
    present = objects.keys(bucket, prefix=prefix)
    deployed = set()
    for path, content in deployment.files():
        deployed.add(prefix + path)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if deployment.concerns(path) and (rewrite or present.get(prefix + path) != digest):
            guessed = mimetypes.guess_type(path)[0] or "binary/octet-stream"
            headers = {"content-type": guessed, **deployment.headers}
            objects.write(bucket, prefix + path, content, headers=headers)
    if deployment.prune:
        for key in present:
            if key not in deployed and deployment.concerns(key.removeprefix(prefix)):
                objects.delete(bucket, key)


def _empty(deployment: Deployment) -> None:
    for key in objects.keys(deployment.bucket, prefix=deployment.prefix):
        objects.delete(deployment.bucket, key)


def _is_owned(deployment: Deployment) -> bool:
    mark = f"{_OWNED}:{deployment.prefix.rstrip('/')}" if deployment.prefix else _OWNED
    return any(name.startswith(mark) for name in objects.tags(deployment.bucket))
