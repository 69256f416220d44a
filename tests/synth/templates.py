"""The synthesized templates of one environment, with every reference replaced by what it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from app import add_environment
from infra.docs.architecture.names import NAMES
from infra.settings import EnvironmentSettings

REPOSITORY = Path(__file__).resolve().parents[2]
CONTEXT = json.loads((REPOSITORY / "cdk.json").read_text())["context"] | {
    "aws:cdk:enable-path-metadata": True
}

# Another partition than `aws`, so that an ARN with a literal `aws` shows.
PSEUDO_PARAMETERS = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws-cn",
    "AWS::Region": "cn-north-1",
    "AWS::URLSuffix": "amazonaws.com.cn",
    "AWS::NoValue": None,
}
PHYSICAL_NAMES = {**NAMES, "AWS::KMS::Alias": ("AliasName",)}
"""Where each type of resource that the lake names has its name."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a template: its properties rendered, its other attributes as they are."""

    stack: str
    path: str
    type: str
    properties: dict[str, Any]
    depends_on: tuple[str, ...]
    deletion_policy: str | None

    @property
    def name(self) -> str | None:
        """The physical name that the lake gives it, if it gives one."""
        value: Any = self.properties
        for key in PHYSICAL_NAMES.get(self.type, ()):
            value = value[key]
        return value if isinstance(value, str) else None


@dataclass(frozen=True)
class Templates:
    """The templates of an environment by stack name, as CloudFormation would resolve them."""

    raw: dict[str, dict[str, Any]]
    manifest: dict[str, Any]

    @classmethod
    def synthesize(
        cls, settings: EnvironmentSettings, *, outdir: Path, repository: Path = REPOSITORY
    ) -> Templates:
        """Synthesize the environment as `cdk synth` does."""
        app = cdk.App(context=CONTEXT, outdir=str(outdir), analytics_reporting=False)
        add_environment(app, settings=settings, repository=repository)
        assembly = app.synth()
        return cls(
            {stack.stack_name: stack.template for stack in assembly.stacks},
            json.loads(Path(assembly.directory, "manifest.json").read_text()),
        )

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every stack."""
        return tuple(
            Resource(
                stack=stack,
                path=self._path(stack, logical_id),
                type=resource["Type"],
                properties=self.render(stack, resource.get("Properties", {})),
                depends_on=tuple(
                    self._path(stack, other) for other in resource.get("DependsOn", ())
                ),
                deletion_policy=resource.get("DeletionPolicy"),
            )
            for stack, template in self.raw.items()
            for logical_id, resource in template["Resources"].items()
        )

    def of_type(self, type: str) -> list[Resource]:
        """The resources of a type."""
        return [resource for resource in self.resources if resource.type == type]

    def only(self, type: str, path: str = "") -> Resource:
        """The one resource of a type whose construct path starts with `path`."""
        (resource,) = (one for one in self.of_type(type) if one.path.startswith(path))
        return resource

    def statements_of(self, role: str) -> dict[str, dict[str, Any]]:
        """What the policies of the role at `role`, a construct path, say: each by its Sid."""
        found = [
            statement
            for policy in self.of_type("AWS::IAM::Policy")
            if policy.properties["Roles"] == [role]
            for statement in policy.properties["PolicyDocument"]["Statement"]
        ]
        by_id = {statement["Sid"]: statement for statement in found}
        assert len(by_id) == len(found)
        return by_id

    def strings(self) -> Iterator[str]:
        """Every string of every template, unrendered."""
        yield from _strings(self.raw)

    def output(self, stack: str, name: str) -> Any:
        """The rendered value of an output."""
        return self.render(stack, self.raw[stack]["Outputs"][name]["Value"])

    def render(self, stack: str, value: Any) -> Any:  # noqa: PLR0911  # one for each function
        """Return `value` with its intrinsic functions resolved."""
        if isinstance(value, list):
            return [self.render(stack, item) for item in value]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Ref", name)] if name in PSEUDO_PARAMETERS:
                return PSEUDO_PARAMETERS[name]
            case [("Ref", name)]:
                return self._name(stack, name)
            case [("Fn::GetAtt", [name, "Arn"])] if self._type(stack, name) == "AWS::S3::Bucket":
                return f"arn:{PSEUDO_PARAMETERS['AWS::Partition']}:s3:::{self._name(stack, name)}"
            case [("Fn::GetAtt", [name, attribute])]:
                return f"{self._path(stack, name)}.{attribute}"
            case [("Fn::Join", [separator, parts])]:
                return separator.join(str(part) for part in self.render(stack, parts))
            case [("Fn::Select", [index, {"Fn::GetAZs": ""}])]:
                return f"zone {index}"
            case [("Fn::Select", [index, items])]:
                rendered = self.render(stack, items)
                return rendered[index] if isinstance(rendered, list) else f"{rendered}[{index}]"
            case [("Fn::Sub", str(text))]:
                return re.sub(r"\$\{(.+?)\}", lambda m: str(PSEUDO_PARAMETERS[m[1]]), text)
            case [("Fn::GetStackOutput", {"StackName": other, "OutputName": output})]:
                return self.output(other, output)
        return {key: self.render(stack, item) for key, item in value.items()}

    def _path(self, stack: str, logical_id: str) -> str:
        path: str = self.raw[stack]["Resources"][logical_id]["Metadata"]["aws:cdk:path"]
        return path.removeprefix(f"{stack}/").removesuffix("/Resource").removesuffix("/Default")

    def _type(self, stack: str, logical_id: str) -> str:
        return str(self.raw[stack]["Resources"][logical_id]["Type"])

    def _name(self, stack: str, logical_id: str) -> str:
        value = self.raw[stack]["Resources"][logical_id].get("Properties", {})
        for key in PHYSICAL_NAMES.get(self._type(stack, logical_id), ("no such property",)):
            value = value.get(key)
        return self._path(stack, logical_id) if value is None else self.render(stack, value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
