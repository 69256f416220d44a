"""`AWS::S3::Bucket`: ministack's own, plus every property that it drops.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.emulator.cloudformation.auto_delete_objects import empty_with_consent
from infra.local.emulator.cloudformation.bucket_configuration import (
    CONFIGURATIONS,
    logging,
    versioning,
)
from infra.local.emulator.cloudformation.resource import (
    Declared,
    Properties,
    Provisioned,
    ResourceType,
    refuse_unsupported,
)
from infra.local.emulator.seam.services import AwsError, call

_BY_MINISTACK = frozenset(
    {
        "BucketName",
        "CorsConfiguration",
        "NotificationConfiguration",
        "PublicAccessBlockConfiguration",
        "WebsiteConfiguration",
    }
)
_ONLY = {"AccessControl": "Private"}
"""Properties of which one value is supported, S3's own default."""
_NEVER_DELETED = frozenset({"LoggingConfiguration", "VersioningConfiguration"})
"""Properties whose subresource S3 lets be put only."""
_SUPPORTED = _BY_MINISTACK | _NEVER_DELETED | set(CONFIGURATIONS) | set(_ONLY)


@dataclass(frozen=True)
class Bucket:
    """The resource type; `ministack` makes the bucket itself."""

    ministack: ResourceType
    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the bucket with all its properties."""
        _refuse_unsupported(declared.properties)
        made = self.ministack.create(declared)
        _configure(made.physical_id, {}, declared.properties)
        return made

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Change the properties; another name makes another bucket."""
        _refuse_unsupported(declared.properties)
        changed = self.ministack.update(physical_id, declared, previous)
        replaced = changed.physical_id != physical_id
        _configure(changed.physical_id, {} if replaced else previous, declared.properties)
        return changed

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete the bucket; S3 refuses one that is not empty."""
        # A rollback may come before the custom resource that empties the bucket was made.
        empty_with_consent(physical_id)
        try:
            call("s3", "DELETE", f"/{physical_id}")
        except AwsError as error:
            if "NoSuchBucket" not in str(error):
                raise


def _refuse_unsupported(properties: Properties) -> None:
    unsupported = sorted(set(properties) - _SUPPORTED)
    unsupported += [n for n, value in _ONLY.items() if properties.get(n, value) != value]
    refuse_unsupported("AWS::S3::Bucket", unsupported, _SUPPORTED)


def _configure(bucket: str, previous: Properties, properties: Properties) -> None:
    wanted = properties.get("VersioningConfiguration")
    if wanted is None and "VersioningConfiguration" in previous:
        wanted = {"Status": "Suspended"}  # versioning is never undone, only suspended
    if wanted is not None:
        _put(bucket, "versioning", versioning(wanted))
    if "LoggingConfiguration" in {**previous, **properties}:
        _put(bucket, "logging", logging(properties.get("LoggingConfiguration") or {}))
    for name, (subresource, document) in CONFIGURATIONS.items():
        if properties.get(name):
            _put(bucket, subresource, document(properties[name]))
        elif previous.get(name):
            call("s3", "DELETE", f"/{bucket}", query={subresource: ""})


def _put(bucket: str, subresource: str, document: bytes) -> None:
    call("s3", "PUT", f"/{bucket}", query={subresource: ""}, body=document)
