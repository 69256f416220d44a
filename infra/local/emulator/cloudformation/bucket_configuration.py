"""A bucket's properties as CloudFormation has them, turned into the documents of the S3 API.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
and https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from infra.local.emulator.cloudformation.resource import Properties

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

type Content = Mapping[str, Any]
"""An XML element's children by name: text, another mapping, or a list for repeated ones."""


def document(root: str, content: Content) -> bytes:
    """The XML document of the S3 API with the element `root`; None leaves a child out."""
    element = Element(root, xmlns=_NAMESPACE)
    _append(element, content)
    text: bytes = tostring(element, encoding="utf-8")
    return text


def _append(parent: Element, content: Content) -> None:
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            child = SubElement(parent, name)
            if isinstance(one, Mapping):
                _append(child, one)
            else:
                child.text = str(one).lower() if isinstance(one, bool) else str(one)


def encryption(properties: Properties) -> bytes:
    """`BucketEncryption`."""
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault"),
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
        }
        for rule in properties["ServerSideEncryptionConfiguration"]
    ]
    return document("ServerSideEncryptionConfiguration", {"Rule": rules})


def lifecycle(properties: Properties) -> bytes:
    """`LifecycleConfiguration`."""
    rules = [_lifecycle_rule(rule) for rule in properties["Rules"]]
    return document("LifecycleConfiguration", {"Rule": rules})


def _lifecycle_rule(rule: Properties) -> Content:
    expiration = {
        "Days": rule.get("ExpirationInDays"),
        "Date": rule.get("ExpirationDate"),
        "ExpiredObjectDeleteMarker": rule.get("ExpiredObjectDeleteMarker"),
    }
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if "NoncurrentVersionExpirationInDays" in rule:
        noncurrent = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    return {
        "ID": rule.get("Id"),
        "Filter": _lifecycle_filter(rule),
        "Status": rule["Status"],
        "Expiration": expiration if any(value for value in expiration.values()) else None,
        "Transition": [_transition(one, "") for one in _one_or_many(rule, "Transition")],
        "NoncurrentVersionExpiration": noncurrent,
        "NoncurrentVersionTransition": [
            _transition(one, "Noncurrent")
            for one in _one_or_many(rule, "NoncurrentVersionTransition")
        ],
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
    }


def _lifecycle_filter(rule: Properties) -> Content:
    conditions = {
        "Prefix": rule.get("Prefix"),
        "Tag": rule.get("TagFilters") or None,
        "ObjectSizeGreaterThan": rule.get("ObjectSizeGreaterThan"),
        "ObjectSizeLessThan": rule.get("ObjectSizeLessThan"),
    }
    given = {name: value for name, value in conditions.items() if value is not None}
    if not given:
        return {"Prefix": ""}
    several = len(given) > 1 or len(given.get("Tag", [])) > 1
    return {"And": given} if several else given


def _transition(transition: Properties, prefix: str) -> Content:
    return {
        f"{prefix}Days": transition.get("TransitionInDays"),
        "Date": transition.get("TransitionDate"),
        "StorageClass": transition["StorageClass"],
        "NewerNoncurrentVersions": transition.get("NewerNoncurrentVersions"),
    }


def _one_or_many(rule: Properties, name: str) -> list[Properties]:
    """The list property `<name>s`, or the older property that holds one."""
    return rule.get(f"{name}s") or ([rule[name]] if name in rule else [])


def ownership(properties: Properties) -> bytes:
    """`OwnershipControls`."""
    return document("OwnershipControls", {"Rule": properties["Rules"]})


def tagging(tags: Sequence[Properties]) -> bytes:
    """`Tags`."""
    return document("Tagging", {"TagSet": {"Tag": tags}})


def versioning(properties: Properties) -> bytes:
    """`VersioningConfiguration`."""
    return document("VersioningConfiguration", {"Status": properties["Status"]})


def logging(properties: Properties) -> bytes:
    """`LoggingConfiguration`; an empty one ends the logs."""
    content = {
        "TargetBucket": properties.get("DestinationBucketName"),
        "TargetPrefix": properties.get("LogFilePrefix", ""),
    }
    return document("BucketLoggingStatus", {"LoggingEnabled": content} if properties else {})


CONFIGURATIONS: Mapping[str, tuple[str, Callable[[Any], bytes]]] = {
    "BucketEncryption": ("encryption", encryption),
    "LifecycleConfiguration": ("lifecycle", lifecycle),
    "OwnershipControls": ("ownershipControls", ownership),
    "Tags": ("tagging", tagging),
}
"""By property: the subresource of the bucket that holds it, and its document."""
