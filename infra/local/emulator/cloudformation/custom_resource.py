"""Custom resources whose function the embedded AWS does not run."""

from __future__ import annotations

from typing import NoReturn


class CustomResourceNotRun(Exception):
    """A custom resource that nobody makes; the text names its type."""


def refuse(resource_type: str) -> NoReturn:
    """Fail the deployment at once; a function that does not answer would hold it for an hour."""
    raise CustomResourceNotRun(
        f"{resource_type}: the embedded AWS runs no functions of custom resources. "
        "It makes Custom::CDKBucketDeployment and Custom::S3AutoDeleteObjects itself."
    )
