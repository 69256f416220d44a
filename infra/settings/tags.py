"""Tags of every resource, and the boundary of every role, held to what AWS takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer

MOST_TAGS = 40
"""Of the 50 that a resource may have; the lake and the CDK give it some of their own."""
TAG_KEY = re.compile(r"[\w .:/=+@-]{1,128}")
TAG_VALUE = re.compile(r"[\w .:/=+@-]{1,256}")
"""MWAA takes no empty value, which other services do."""
OURS = "lake"
"""The tag that each stack has of itself: what it is part of."""
RESERVED = re.compile(r"aws:|aws-cdk:", re.IGNORECASE)


def checked_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Return `tags` read-only, or raise ValueError for one that AWS or the lake refuses.

    Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """
    if len(tags) > MOST_TAGS:
        raise ValueError(f"{len(tags)} tags: expected at most {MOST_TAGS}")
    seen: dict[str, str] = {}
    for key, value in tags.items():
        if RESERVED.match(key):
            raise ValueError(f"tag {key!r}: AWS and the CDK keep such names for themselves")
        if key.lower() == OURS:
            raise ValueError(f"tag {key!r}: the CDK app sets it, to the environment's prefix")
        if not TAG_KEY.fullmatch(key) or key != key.strip():
            raise ValueError(
                f"tag {key!r}: expected 1 to 128 letters, digits, spaces and any of _ . : / = + - @"
            )
        if not TAG_VALUE.fullmatch(value) or value != value.strip():
            raise ValueError(
                f"tag {key!r}: expected a value of 1 to 256 letters, digits, spaces and any of "
                f"_ . : / = + - @, not {value!r}"
            )
        other = seen.setdefault(key.lower(), key)
        if other != key:  # IAM takes them for the same
            raise ValueError(f"tags {other!r} and {key!r}: expected keys that differ by more")
    return MappingProxyType(dict(tags))


Tags = Annotated[Mapping[str, str], AfterValidator(checked_tags), PlainSerializer(dict)]
PermissionsBoundary = Annotated[
    str,
    Field(
        pattern=r"^(arn:aws[a-z-]*:iam::(\d{12}|aws):policy/)?[\w+=,.@/-]{1,128}$",
        examples=["developer-boundary", "arn:aws:iam::111122223333:policy/developer-boundary"],
    ),
]
"""The name of a managed policy of the environment's account, with its path if it has one, or an
ARN."""
