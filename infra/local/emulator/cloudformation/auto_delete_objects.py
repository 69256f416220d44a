"""`Custom::S3AutoDeleteObjects`: empties a bucket before it is deleted, as CDK's function does.

Source: custom-resource-handlers/lib/aws-s3/auto-delete-objects-handler of aws-cdk-lib 2.275.0.
"""

from __future__ import annotations

from infra.local.emulator.cloudformation import objects
from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned
from infra.local.emulator.seam.services import AwsError

_CONSENT = "aws-cdk:auto-delete-objects"
"""The tag without which a bucket is left as it is."""


class AutoDeleteObjects:
    """The resource type; its physical id is the bucket."""

    waits = True

    def create(self, declared: Declared) -> Provisioned:
        """Do nothing yet."""
        return Provisioned(physical_id=declared.properties["BucketName"], attributes={})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:  # noqa: ARG002 - protocol
        """Follow the bucket; where it is another, CloudFormation deletes this for the old one."""
        return self.create(declared)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete every version and every delete marker of a bucket that consents by its tag."""
        empty_with_consent(properties["BucketName"])


def empty_with_consent(bucket: str) -> None:
    """Empty a bucket that has the tag; one that is gone is empty."""
    try:
        if objects.tags(bucket).get(_CONSENT) != "true":
            return
        for version in objects.versions(bucket, prefix=""):
            objects.delete(bucket, version.key, version_id=version.version_id)
    except AwsError as error:
        if "NoSuchBucket" not in str(error):
            raise
