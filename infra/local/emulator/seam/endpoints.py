"""VPC endpoints: described with their security groups and whether their DNS is private.

As it is, ministack keeps both and leaves them out of its answers.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any
from xml.sax.saxutils import escape

_ec2: Any = import_module("ministack.services.ec2")


def describe_whole() -> None:
    """Complete every answer that describes an endpoint."""
    known = _ec2._vpce_fields_xml

    def whole(endpoint: dict[str, Any], tag: str = "item") -> str:
        groups = "".join(
            f"<item><groupId>{escape(group)}</groupId></item>"
            for group in endpoint.get("SecurityGroupIds", [])
        )
        private = str(bool(endpoint.get("PrivateDnsEnabled"))).lower()
        end = f"</{tag}>"
        return (
            f"{known(endpoint, tag).removesuffix(end)}<groupSet>{groups}</groupSet>"
            f"<privateDnsEnabled>{private}</privateDnsEnabled>{end}"
        )

    _ec2._vpce_fields_xml = whole
