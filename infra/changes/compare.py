"""Two sets of templates compared: what is deployed, and what is about to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from infra.changes.schemas import Path, replacing_properties
from infra.changes.templates import Key, Templates, at, referred

KEPT = {"Retain", "RetainExceptOnCreate", "Snapshot"}
"""Policies by which CloudFormation leaves a resource, or a snapshot of it, behind."""


class Action(StrEnum):
    """What CloudFormation does with a resource."""

    REPLACED = "is replaced"
    MAY_BE_REPLACED = "may be replaced"
    DELETED = "is deleted"
    UPDATED = "is updated in place"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to a resource that is deployed."""

    key: Key
    type: str
    construct: str
    """Its path in the app, such as `lake-dev-storage/Storage/Landing/Resource`."""
    action: Action
    properties: tuple[str, ...]
    """Which changed: of a replacement those that cause it."""
    kept: bool = False
    """Whether a policy leaves the old one in the account."""
    name_taken: bool = False
    """Whether the new one would have the name of the old, which CloudFormation still has then."""


@dataclass(frozen=True)
class Comparison:
    """What a deploy of `wanted` does to `deployed`; only stacks that are in both are compared."""

    deployed: Templates
    wanted: Templates

    def changes(self) -> list[Change]:
        """The changes of deployed resources: those that replace, those that delete, the others."""
        if self.deployed.properties == self.wanted.properties:
            return []
        found = [self._replaced(key, action) for key, action in sorted(self._replacements.items())]
        found += [self._deleted(key) for key in sorted(self._before - self._after)]
        for key in sorted(self._common - self._replacements.keys()):
            if names := self._changed_properties(key):
                found.append(self._change(key, Action.UPDATED, names))
        return found

    @cached_property
    def _replacements(self) -> Mapping[Key, Action]:
        """What is replaced, also because what it refers to is."""
        actions: dict[Key, Action] = {}
        while True:
            found = {key: action for key in self._common if (action := self._action(key, actions))}
            if found == actions:
                return actions
            actions = found

    def _action(self, key: Key, actions: Mapping[Key, Action]) -> Action | None:
        old, new = self.deployed.resource(key)["Type"], self.wanted.resource(key)["Type"]
        if old != new:
            return Action.REPLACED
        rules = replacing_properties(new)
        always = [self._difference(key, path, actions) for path in rules.always]
        if Action.REPLACED in always:
            return Action.REPLACED
        perhaps = [self._difference(key, path, actions) for path in rules.perhaps]
        return Action.MAY_BE_REPLACED if any((*always, *perhaps)) else None

    def _difference(self, key: Key, path: Path, actions: Mapping[Key, Action]) -> Action | None:
        """REPLACED for a property that certainly changes, MAY_BE_REPLACED for one that may."""
        wanted = at(self.wanted.properties[key], path)
        if wanted != at(self.deployed.properties[key], path):
            return Action.REPLACED
        named = [self._of_what_changes(other, actions) for other in referred(wanted)]
        if Action.REPLACED in named:
            return Action.REPLACED
        return Action.MAY_BE_REPLACED if any(named) else None

    def _of_what_changes(self, key: Key, actions: Mapping[Key, Action]) -> Action | None:
        """Whether a reference to a resource may get another value."""
        if key in actions or key not in self._common:
            return actions.get(key)
        # What a custom resource answers is known once it has run.
        custom = str(self.wanted.resource(key)["Type"]).startswith("Custom::")
        changed = self.wanted.properties[key] != self.deployed.properties[key]
        return Action.MAY_BE_REPLACED if custom and changed else None

    def _changed_properties(self, key: Key) -> tuple[str, ...]:
        names = {*self.wanted.properties[key], *self.deployed.properties[key]}
        return tuple(
            name for name in sorted(names) if self._difference(key, (name,), self._replacements)
        )

    def _replaced(self, key: Key, action: Action) -> Change:
        rules = replacing_properties(self.wanted.resource(key)["Type"])
        causes = [
            ".".join(path)
            for path in (*rules.always, *rules.perhaps)
            if self._difference(key, path, self._replacements)
        ]
        return self._change(
            key,
            action,
            tuple(causes) or ("Type",),
            kept=self.deployed.resource(key).get("UpdateReplacePolicy") in KEPT,
            name_taken=self._names(self.wanted, key) == self._names(self.deployed, key) != [],
        )

    def _deleted(self, key: Key) -> Change:
        """A resource that the app no longer has, or has under another logical id."""
        type, names = self.deployed.resource(key)["Type"], self._names(self.deployed, key)
        again = any(
            self.wanted.resource(other)["Type"] == type
            and self._names(self.wanted, other) == names != []
            for other in self._after - self._before
        )
        kept = self.deployed.resource(key).get("DeletionPolicy") in KEPT
        return self._change(key, Action.DELETED, (), kept=kept, name_taken=again)

    def _names(self, templates: Templates, key: Key) -> list[Any]:
        """What identifies a resource, where the template gives it."""
        rules = replacing_properties(templates.resource(key)["Type"])
        names = [at(templates.properties[key], path) for path in rules.names]
        return names if all(names) else []

    def _change(
        self, key: Key, action: Action, properties: tuple[str, ...], **more: bool
    ) -> Change:
        resource = self.deployed.resource(key)
        return Change(
            key=key,
            type=resource["Type"],
            construct=resource.get("Metadata", {}).get("aws:cdk:path", "/".join(key)),
            action=action,
            properties=properties,
            **more,
        )

    @cached_property
    def _before(self) -> set[Key]:
        return {key for key in self.deployed.properties if key[0] in self.wanted.by_stack}

    @cached_property
    def _after(self) -> set[Key]:
        return {key for key in self.wanted.properties if key[0] in self.deployed.by_stack}

    @property
    def _common(self) -> set[Key]:
        return self._before & self._after
