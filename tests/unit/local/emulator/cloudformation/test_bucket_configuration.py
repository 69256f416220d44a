from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from infra.local.emulator.cloudformation.bucket_configuration import (
    encryption,
    lifecycle,
    ownership,
    tagging,
    versioning,
)


def read(document: bytes) -> Any:
    """An XML document as nested dictionaries; a repeated child is a list."""

    def value(element: Any) -> Any:
        children: dict[str, Any] = {}
        for child in element:
            name, text = child.tag.partition("}")[2], value(child)
            if name in children:
                before = children[name]
                children[name] = [*(before if isinstance(before, list) else [before]), text]
            else:
                children[name] = text
        return children or element.text

    return value(ElementTree.fromstring(document))  # noqa: S314 - our own document


def rule(**properties: Any) -> Any:
    return read(lifecycle({"Rules": [{"Status": "Enabled", **properties}]}))["Rule"]


def test_encryption_names_algorithm_key_and_bucket_key() -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:of:key"}
    given = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    document = read(encryption({"ServerSideEncryptionConfiguration": [given]}))
    assert document["Rule"] == {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": "true",
    }


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"ExpirationInDays": 30}, {"Expiration": {"Days": "30"}}),
        (
            {"ExpiredObjectDeleteMarker": True},
            {"Expiration": {"ExpiredObjectDeleteMarker": "true"}},
        ),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2}},
            {
                "NoncurrentVersionExpiration": {
                    "NoncurrentDays": "7",
                    "NewerNoncurrentVersions": "2",
                }
            },
        ),
        (
            {"NoncurrentVersionExpirationInDays": 7},
            {"NoncurrentVersionExpiration": {"NoncurrentDays": "7"}},
        ),
        (
            {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}},
            {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": "3"}},
        ),
        (
            {"Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}]},
            {"Transition": {"Days": "90", "StorageClass": "GLACIER"}},
        ),
        (
            {"Transition": {"StorageClass": "GLACIER", "TransitionInDays": 90}},
            {"Transition": {"Days": "90", "StorageClass": "GLACIER"}},
        ),
        (
            {
                "NoncurrentVersionTransitions": [
                    {"StorageClass": "STANDARD_IA", "TransitionInDays": 30}
                ]
            },
            {
                "NoncurrentVersionTransition": {
                    "NoncurrentDays": "30",
                    "StorageClass": "STANDARD_IA",
                }
            },
        ),
    ],
)
def test_a_lifecycle_rule_says_what_happens(
    properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = rule(**properties)
    assert found.pop("Status") == "Enabled"
    assert found.pop("Filter") == {"Prefix": None}
    assert found == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"Prefix": "old/"}, {"Prefix": "old/"}),
        (
            {"TagFilters": [{"Key": "k", "Value": "v"}]},
            {"Tag": {"Key": "k", "Value": "v"}},
        ),
        (
            {"Prefix": "old/", "ObjectSizeGreaterThan": 10},
            {"And": {"Prefix": "old/", "ObjectSizeGreaterThan": "10"}},
        ),
    ],
)
def test_a_lifecycle_rule_says_to_what(
    properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert rule(ExpirationInDays=1, **properties)["Filter"] == expected


def test_ownership_tags_and_versioning() -> None:
    given = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert read(ownership(given)) == {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "<&>"}]
    assert read(tagging(tags)) == {"TagSet": {"Tag": tags}}
    assert read(versioning({"Status": "Enabled"})) == {"Status": "Enabled"}
