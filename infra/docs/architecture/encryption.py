"""The table of what holds data: by which key it is encrypted, at rest and on its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from infra.docs.architecture.environment import Environment, Resource
from infra.docs.architecture.kinds import KINDS
from infra.docs.architecture.names import ELSEWHERE
from infra.docs.architecture.relations import KEY
from infra.docs.architecture.tables import table

KEYS = {
    "AWS::Athena::WorkGroup": "WorkGroupConfiguration",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::MWAA::Environment": "KmsKey",
    "AWS::RedshiftServerless::Namespace": "KmsKeyId",
    "AWS::S3::Bucket": "BucketEncryption",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
}
"""What holds data, and the property that says with which key."""
PLAIN_HTTP = {"Bool": {"aws:SecureTransport": "false"}}


def encryption(environments: Sequence[Environment]) -> str:
    """A row for all that is kept in the same way."""
    every = [each.name for each in environments]
    rows: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for found in _holders(environments).values():
        resources = {each.name: each.resources[resource.path] for each, resource in found}
        one = next(iter(resources.values()))
        row = (
            one.stack,
            KINDS[one.type].noun,
            "" if len(resources) == len(every) else f" ({', '.join(resources)} only)",
            _said({each.name: _key(each, resource) for each, resource in found}),
            _said({each.name: _transit(each, resource) for each, resource in found}),
            _said({name: "kept" if each.kept else "deleted" for name, each in resources.items()}),
        )
        rows[row].append(one.name)
    return table(
        ["what", "stack", "at rest", "in transit", "after a destroy"],
        (
            [f"{noun}{_names(names)}{only}", stack, *ways]
            for (stack, noun, only, *ways), names in sorted(rows.items())
        ),
    )


def _holders(
    environments: Sequence[Environment],
) -> Mapping[str, list[tuple[Environment, Resource]]]:
    found = defaultdict(list)
    for each in environments:
        for path, resource in sorted(each.resources.items()):
            if resource.type in KEYS:
                found[path].append((each, resource))
    return found


def _said(by_environment: Mapping[str, str]) -> str:
    """What is the same everywhere once, else for each environment."""
    if len({*by_environment.values()}) == 1:
        return next(iter(by_environment.values()))
    return ", ".join(f"{text} in {name}" for name, text in by_environment.items())


def _names(names: Sequence[str]) -> str:
    """The names; of those that differ in their last word only how they begin."""
    if {*names} == {ELSEWHERE}:
        return ""
    begins: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        begin, hyphen, _ = name.rpartition("-")
        begins[begin + hyphen or name].append(name)
    shown = [one if not more else f"{begin}*" for begin, (one, *more) in begins.items()]
    return " " + ", ".join(f"`{name}`" for name in shown)


def _key(environment: Environment, resource: Resource) -> str:
    property = KEYS[resource.type]
    named = resource.references.get(property, frozenset())
    if any(environment.resources[path].type == KEY for path in named):
        return "the environment's key"
    return "S3's own key" if "AES256" in str(resource.properties.get(property)) else "a key of AWS"


def _transit(environment: Environment, resource: Resource) -> str:
    """Whether its own policy denies what does not come by TLS."""
    for policy in environment.resources.values():
        document = policy.properties.get("PolicyDocument", {"Statement": ()})
        denies = any(each.get("Condition") == PLAIN_HTTP for each in document["Statement"])
        about = (policy.references.get(name, ()) for name in ("Bucket", "Queues", "Topics"))
        if denies and any(resource.path in paths for paths in about):
            return "TLS, by its policy"
    return "TLS, by the service"
