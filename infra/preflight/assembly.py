"""The synthesized templates of an environment, read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.bundle import Bundle
from infra.local.settings import REPOSITORY
from infra.settings import EnvironmentSettings

LIMIT_SECONDS = 600
REPORT = "validation-report.json"
ACCOUNT, REGION, PARTITION = "111122223333", "us-east-1", "aws"
"""What stands for the account in a rendered template."""
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
KEY = "11112222-3333-4444-5555-666677778888"
ARNS = {
    "AWS::EMRServerless::Application": "emr-serverless:{where}:/applications/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::KMS::Key": f"kms:{{where}}:key/{KEY}",
    "AWS::Lambda::Function": "lambda:{where}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{where}:log-group:{name}:*",
    "AWS::RedshiftServerless::Namespace": f"redshift-serverless:{{where}}:namespace/{KEY}",
    "AWS::RedshiftServerless::Workgroup": f"redshift-serverless:{{where}}:workgroup/{KEY}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{where}:{name}",
    "AWS::SQS::Queue": "sqs:{where}:{name}",
}
"""The ARN of a resource, without `arn:aws:`, by its type."""


class SynthesisError(Exception):
    """The templates cannot be made; its text is what the app said."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a template, its properties rendered."""

    path: str
    """Its construct, such as `storage/Storage/Landing/Resource`, the same in every environment."""
    type: str
    properties: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """The templates, by stack."""

    folder: Path
    prefix: str
    """The environment's; every name of a stack starts with it."""
    templates: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, folder: Path, *, prefix: str) -> Assembly:
        """Read what was synthesized into `folder`."""
        suffix = ".template.json"
        return cls(
            folder=folder,
            prefix=prefix,
            templates={
                path.name.removesuffix(suffix): json.loads(path.read_text())
                for path in sorted(folder.glob(f"*{suffix}"))
            },
        )

    @property
    def bundle(self) -> Bundle:
        """What MWAA gets."""
        folder = self.folder / "bundle"
        return Bundle(
            dags=folder / "dags",
            plugins=folder / "plugins.zip",
            requirements=folder / "requirements.txt",
            startup_script=folder / "startup.sh",
        )

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every stack."""
        return tuple(
            Resource(
                path=self.path(stack, logical_id),
                type=resource["Type"],
                properties=self.render(stack, resource.get("Properties", {})),
            )
            for stack, template in self.templates.items()
            for logical_id, resource in template["Resources"].items()
        )

    def of_type(self, type: str) -> Iterator[Resource]:
        """The resources of a type."""
        return (resource for resource in self.resources if resource.type == type)

    def path(self, stack: str, logical_id: str) -> str:
        """The construct that a resource was made of."""
        resource = self.templates[stack]["Resources"].get(logical_id, {})
        path = resource.get("Metadata", {}).get("aws:cdk:path", f"{stack}/{logical_id}")
        return str(path).removeprefix(f"{self.prefix}-")

    def render(self, stack: str, value: Any) -> Any:  # noqa: PLR0911  # one for each function
        """`value` with its intrinsic functions resolved, references to what they may come to be."""
        if isinstance(value, list):
            return [self.render(stack, item) for item in value]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Ref", name)] if name in PSEUDO_PARAMETERS:
                return PSEUDO_PARAMETERS[name]
            case [("Ref", name)] if self._type(stack, name) == "AWS::SNS::Topic":
                return self._attribute(stack, name, "TopicArn")
            case [("Ref", name)]:
                return self._name(stack, name)
            case [("Fn::GetAtt", [name, attribute])]:
                return self._attribute(stack, name, attribute)
            case [("Fn::Join", [separator, parts])]:
                return separator.join(str(part) for part in self.render(stack, parts))
            case [("Fn::Sub", str(text))]:
                for name, known in PSEUDO_PARAMETERS.items():
                    text = text.replace(f"${{{name}}}", known)
                return text
            case [("Fn::GetStackOutput", {"StackName": other, "OutputName": output})]:
                return self.render(other, self.templates[other]["Outputs"][output]["Value"])
        return {key: self.render(stack, item) for key, item in value.items()}

    def _attribute(self, stack: str, name: str, attribute: str) -> str:
        type = self._type(stack, name)
        if attribute.endswith("Arn") and type in ARNS:
            where = f"{REGION}:{ACCOUNT}"
            known = {"where": where, "account": ACCOUNT, "name": self._name(stack, name)}
            return f"arn:{PARTITION}:{ARNS[type].format(**known)}"
        return f"{name}.{attribute}"

    def _type(self, stack: str, name: str) -> str:
        """Its resource type; empty for what is no resource, such as a parameter."""
        return str(self.templates[stack]["Resources"].get(name, {}).get("Type", ""))

    def _name(self, stack: str, name: str) -> str:
        """The physical name, or the logical id of what CloudFormation names."""
        resource = self.templates[stack]["Resources"].get(name, {})
        for key, value in resource.get("Properties", {}).items():
            if key in {"BucketName", "LogGroupName", "QueueName", "TopicName"}:
                return str(self.render(stack, value))
        return name


def synthesize(settings: EnvironmentSettings, folder: Path) -> Assembly:
    """Synthesize the environment into `folder`, in a process of its own.

    Raises:
        SynthesisError: with the end of what the app said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "infra.preflight.synthesis", settings.name, str(folder)],
        cwd=REPOSITORY,
        env=os.environ | {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    if done.returncode:
        said = done.stderr.strip()
        raise SynthesisError(said.rpartition("\n")[2] if "Traceback" in said else said)
    return Assembly.read(folder, prefix=settings.prefix)
