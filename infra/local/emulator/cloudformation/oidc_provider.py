"""`AWS::IAM::OIDCProvider`: whose tokens roles of the account may trust.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-oidcprovider.html
"""

from __future__ import annotations

from collections.abc import Iterable

from infra.local.emulator.cloudformation.resource import Declared, Properties, Provisioned
from infra.local.emulator.seam.services import AwsError, query_call


class OidcProvider:
    """The resource type; `Ref` is the ARN."""

    waits = False

    def create(self, declared: Declared) -> Provisioned:
        """Make the provider; IAM refuses a second one of the same address."""
        wanted = declared.properties
        answer = query_call(
            "iam",
            "CreateOpenIDConnectProvider",
            {
                "Url": wanted["Url"],
                **_members("ClientIDList", wanted.get("ClientIdList", ())),
                **_members("ThumbprintList", wanted.get("ThumbprintList", ())),
                **{
                    f"Tags.member.{number}.{part}": str(tag[part])
                    for number, tag in enumerate(wanted.get("Tags") or [], 1)
                    for part in ("Key", "Value")
                },
            },
        )
        arn = answer.findtext(".//{*}OpenIDConnectProviderArn", "")
        return Provisioned(physical_id=arn, attributes={"Arn": arn})

    def update(self, physical_id: str, declared: Declared, previous: Properties) -> Provisioned:
        """Make it anew: ministack changes none, and the ARN is of the address alone."""
        if previous["Url"] == declared.properties["Url"]:
            self.delete(physical_id, previous)
        return self.create(declared)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002 - protocol
        """Delete the provider."""
        try:
            arn = {"OpenIDConnectProviderArn": physical_id}
            query_call("iam", "DeleteOpenIDConnectProvider", arn)
        except AwsError as error:
            if "NoSuchEntity" not in str(error):
                raise


def _members(name: str, values: Iterable[str]) -> dict[str, str]:
    return {f"{name}.member.{number}": value for number, value in enumerate(values, 1)}
