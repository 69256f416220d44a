"""What the app makes of an environment: stacks, their resources, and the classes behind them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from app import add_environment
from infra.docs.architecture.names import NAMES, arns, name_of, short
from infra.local.settings import REPOSITORY
from infra.preflight.assembly import Assembly
from infra.settings import EnvironmentSettings

INNER = {"CustomResource", "Default", "IAMRole", "Resource", "Subnet"}
"""Ids of what the CDK makes inside of a construct."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource, called as in every environment."""

    path: str
    """Its construct, such as `storage/Storage/Landing/Resource`."""
    type: str
    name: str
    """What its environment calls it, in short; of what has no name, the id of its construct."""
    properties: Mapping[str, Any]
    """Rendered."""
    references: Mapping[str, frozenset[str]]
    """By property, the paths of the resources that it names."""
    arns: tuple[str, ...]
    """What rights name it by."""
    kept: bool
    """Whether it outlives its stack."""

    @property
    def stack(self) -> str:
        """Such as `storage`."""
        return self.path.partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An environment as it is deployed."""

    settings: EnvironmentSettings
    resources: Mapping[str, Resource]
    """By path."""
    stacks: Mapping[str, tuple[str, ...]]
    """Each stack, and which have to stand before it."""
    constructs: Mapping[str, type]
    """The classes of this repository behind the constructs, by path."""

    @property
    def name(self) -> str:
        """Such as `dev`."""
        return self.settings.name

    def construct_of(self, path: str) -> str | None:
        """The nearest construct around a resource whose class is of this repository."""
        around = [*accumulate(path.split("/"), lambda outer, inner: f"{outer}/{inner}")]
        return next((each for each in reversed(around) if each in self.constructs), None)


def synthesize(settings: EnvironmentSettings, folder: Path) -> Environment:
    """Synthesize the environment into `folder` as `cdk synth` does."""
    context = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    app = cdk.App(
        context=context | {"aws:cdk:enable-path-metadata": True},
        outdir=str(folder),
        analytics_reporting=False,
    )
    add_environment(app, settings=settings, repository=REPOSITORY)
    assembly = app.synth()
    return Environment(
        settings=settings,
        resources=_resources(Assembly.read(folder, prefix=settings.prefix)),
        stacks={
            _part(stack.stack_name, settings): tuple(
                sorted(
                    _part(other.id, settings)
                    for other in stack.dependencies
                    if not other.id.endswith(".assets")
                )
            )
            for stack in assembly.stacks
        },
        constructs={
            _part(construct.node.path, settings): type(construct)
            for construct in app.node.find_all()
            if type(construct).__module__.startswith("infra.") and construct.node.scope is not app
        },
    )


def _part(name: str, settings: EnvironmentSettings) -> str:
    return name.removeprefix(f"{settings.prefix}-")


def _resources(assembly: Assembly) -> dict[str, Resource]:
    by_string = _by_string(assembly)
    return {
        (path := assembly.path(stack, logical_id)): _resource(
            assembly, by_string, path=path, stack=stack, logical_id=logical_id
        )
        for stack, template in assembly.templates.items()
        for logical_id in template["Resources"]
    }


def _resource(
    assembly: Assembly, by_string: Mapping[str, str], *, path: str, stack: str, logical_id: str
) -> Resource:
    template = assembly.templates[stack]["Resources"][logical_id]
    type, raw = template["Type"], template.get("Properties", {})
    properties = {key: assembly.render(stack, value) for key, value in raw.items()}
    return Resource(
        path=path,
        type=type,
        name=short(name_of(type, properties) or _id(path), assembly.prefix),
        properties=properties,
        references={
            key: frozenset(_named(assembly, stack, value))
            | frozenset(by_string[text] for text in _strings(properties[key]) & {*by_string})
            for key, value in raw.items()
        },
        arns=arns(assembly, stack, logical_id),
        kept=template.get("DeletionPolicy", "Delete") != "Delete",
    )


def _by_string(assembly: Assembly) -> dict[str, str]:
    """The resources by their ARNs, and buckets by their names: some are named without a `Ref`."""
    found: dict[str, str] = {}
    for stack, template in assembly.templates.items():
        for logical_id, resource in template["Resources"].items():
            type, path = resource["Type"], assembly.path(stack, logical_id)
            if type in NAMES:
                found |= dict.fromkeys(arns(assembly, stack, logical_id), path)
            if type == "AWS::S3::Bucket":
                found[assembly.render(stack, resource["Properties"]["BucketName"])] = path
    return found


def _id(path: str) -> str:
    """The id of the construct, not of what the CDK makes inside of it."""
    if helper := re.search(r"/Custom::(\w+?)(CustomResourceProvider|[0-9A-F]{32})?/", path):
        return helper[1]
    *outer, last = path.split("/")
    return _id("/".join(outer)) if last in INNER and outer else last


def _named(assembly: Assembly, stack: str, value: Any) -> Iterator[str]:
    """The resources that `value` has a reference to, through outputs of other stacks too."""
    if isinstance(value, list):
        for item in value:
            yield from _named(assembly, stack, item)
    elif isinstance(value, dict):
        match list(value.items()):
            case [("Ref", str(logical_id))] | [("Fn::GetAtt", [str(logical_id), _])]:
                if logical_id in assembly.templates[stack]["Resources"]:
                    yield assembly.path(stack, logical_id)
            case [("Fn::GetStackOutput", {"StackName": other, "OutputName": output})]:
                told = assembly.templates[other]["Outputs"][output]["Value"]
                yield from _named(assembly, other, told)
            case _:
                yield from _named(assembly, stack, list(value.values()))


def _strings(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = list(value.values())
    return {text for item in value for text in _strings(item)} if isinstance(value, list) else set()
