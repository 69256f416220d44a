"""The tables of rights: what each role may do, and whom the resources' own policies admit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from infra.docs.architecture.environment import Environment
from infra.docs.architecture.rights import (
    Right,
    admitted,
    allowed,
    principals,
    rights_of_roles,
    short_principal,
    shown_target,
)
from infra.docs.architecture.tables import NO, table

ROLE = "AWS::IAM::Role"


def roles(environments: Sequence[Environment]) -> str:
    """A row a role: who may assume it, and where."""
    return table(
        ["role", "stack", "assumed by", "policies of AWS", "in"],
        (
            [f"`{name}`", stack, ", ".join(trusted), ", ".join(managed) or NO, " and ".join(names)]
            for (name, stack, trusted, managed), names in _trusted(environments).items()
        ),
    )


def rights(environments: Sequence[Environment]) -> str:
    """A section a role: what it may do with what, of all environments."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in environments:
        for right in rights_of_roles(each):
            role = each.resources[right.holder].name
            found[role][shown_target(each, right)] += right.actions
    return "\n\n".join(
        f"`{role}` may do\n\n" + table(["on", "actions"], _rows(by_target))
        for role, by_target in found.items()
    )


def admissions(environments: Sequence[Environment]) -> str:
    """Which services the policies of the resources themselves admit."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in environments:
        for right in admitted(each):
            found[_holder(each, right), short_principal(each, right.principal)] += right.actions
    return table(
        ["policy of", "admits", "to"],
        ([what, service, short(actions)] for (what, service), actions in sorted(found.items())),
    )


def short(actions: Iterable[str]) -> str:
    """The actions, each service's name once: `s3: GetObject, PutObject`."""
    by_service = defaultdict(set)
    for action in actions:
        service, _, name = action.partition(":")
        by_service[service].add(name or "*")
    return "; ".join(
        f"{service}: {', '.join(f'`{name}`' for name in sorted(names))}"
        for service, names in sorted(by_service.items())
    )


def _rows(by_target: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Targets with the same rights share a row."""
    shared = defaultdict(list)
    for target, actions in sorted(by_target.items()):
        shared[short(actions)].append(target)
    return [[", ".join(targets), actions] for actions, targets in shared.items()]


def _trusted(
    environments: Sequence[Environment],
) -> dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], list[str]]:
    found = defaultdict(list)
    for each in environments:
        for role in each.resources.values():
            if role.type == ROLE:
                trusted = {
                    short_principal(each, principal)
                    for statement in allowed(role.properties["AssumeRolePolicyDocument"])
                    for principal in principals(statement)
                }
                managed = {
                    str(arn).rpartition("/")[2]
                    for arn in role.properties.get("ManagedPolicyArns", ())
                }
                key = (role.name, role.stack, tuple(sorted(trusted)), tuple(sorted(managed)))
                found[key].append(each.name)
    return found


def _holder(environment: Environment, right: Right) -> str:
    """What a policy is of; the key has its own."""
    policy = environment.resources[right.holder]
    for property in ("Bucket", "Queues", "Topics"):
        for path in policy.references.get(property, ()):
            return _one_of_many(environment, path)
    return "the key"


def _one_of_many(environment: Environment, path: str) -> str:
    resource = environment.resources[path]
    kind = resource.type.rpartition("::")[2].lower()
    begins = environment.settings.arrival_queues.removeprefix(f"{environment.settings.prefix}-")
    name = f"{begins}*" if resource.name.startswith(begins) else resource.name
    return f"{kind} `{name}`"
