"""The templates of an environment's stacks, read as one deploy makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

type Template = Mapping[str, Any]
type Key = tuple[str, str]
"""A resource: its stack and its logical id."""

PLACEHOLDER = re.compile(r"\$\{([^!}]+)\}")
RESOURCE = "lake::resource"
"""What stands for a resource in a resolved value: its stack, its logical id and the attribute."""


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Templates by stack, as they are deployed to a region of an account."""

    by_stack: Mapping[str, Template]
    account: str
    region: str

    def resource(self, key: Key) -> Mapping[str, Any]:
        """A resource as its template has it."""
        stack, logical_id = key
        found: Mapping[str, Any] = self.by_stack[stack]["Resources"][logical_id]
        return found

    @cached_property
    def properties(self) -> Mapping[Key, Mapping[str, Any]]:
        """Each resource's properties, resolved."""
        return {
            (stack, logical_id): self.resolve(stack, resource.get("Properties", {}))
            for stack, template in self.by_stack.items()
            for logical_id, resource in template["Resources"].items()
        }

    def resolve(self, stack: str, value: Any) -> Any:  # noqa: PLR0911  # one for each function
        """`value` with its pseudo parameters and what other stacks publish filled in.

        So a value that is only said in another way (a region by its name, a key by an import) is
        the same value. A reference to a resource names its stack, too.
        """
        if isinstance(value, list):
            return [self.resolve(stack, item) for item in value]
        if not isinstance(value, Mapping):
            return value
        match list(value.items()):
            case [("Ref", str(name))]:
                return self._pseudo.get(name, {RESOURCE: [stack, name, ""]})
            case [("Fn::GetAtt", [name, attribute])]:
                return {RESOURCE: [stack, name, attribute]}
            case [("Fn::Join", [str(separator), list(items)])]:
                joined = self.resolve(stack, items)
                if all(isinstance(part, str) for part in joined):
                    return separator.join(joined)
                return {"Fn::Join": [separator, joined]}
            case [("Fn::Sub", str(text))]:
                return self._substituted(stack, text)
            case [("Fn::GetStackOutput", {"StackName": str(other), "OutputName": str(name)})]:
                outputs = self.by_stack.get(other, {}).get("Outputs", {})
                if name in outputs:
                    return self.resolve(other, outputs[name]["Value"])
            case [("Fn::ImportValue", name)]:
                wanted = self.resolve(stack, name)
                for other, output in self._outputs():
                    if self.resolve(other, output.get("Export", {}).get("Name")) == wanted:
                        return self.resolve(other, output["Value"])
        return {key: self.resolve(stack, item) for key, item in value.items()}

    @property
    def _pseudo(self) -> dict[str, str]:
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        return {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": partition,
            "AWS::URLSuffix": "amazonaws.com" + (".cn" if partition == "aws-cn" else ""),
        }

    def _substituted(self, stack: str, text: str) -> Any:
        for name, known in self._pseudo.items():
            text = text.replace(f"${{{name}}}", known)
        names = [name.partition(".") for name in PLACEHOLDER.findall(text)]
        if not names:
            return text
        return {"Fn::Sub": [text, [{RESOURCE: [stack, name, rest]} for name, _, rest in names]]}

    def _outputs(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for stack, template in self.by_stack.items():
            for output in template.get("Outputs", {}).values():
                yield stack, output


def referred(value: Any) -> Iterator[Key]:
    """The resources that a resolved value names."""
    if isinstance(value, Mapping):
        if RESOURCE in value:
            stack, logical_id, _ = value[RESOURCE]
            yield stack, logical_id
        for item in value.values():
            yield from referred(item)
    elif isinstance(value, list):
        for item in value:
            yield from referred(item)


def at(properties: Any, path: tuple[str, ...]) -> Any:
    """The property that `path` leads to; None where there is none."""
    for name in path:
        properties = properties.get(name) if isinstance(properties, Mapping) else None
    return properties
