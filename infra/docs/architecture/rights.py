"""Who may do what: the statements of the policies, and a verb or two for each in a picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from infra.docs.architecture.environment import Environment, Resource
from infra.docs.architecture.kinds import KINDS
from infra.docs.architecture.names import ARNS, short_arn

VERBS = (
    ("airflow:PublishMetrics", "measures"),
    ("athena:*", "queries"),
    ("emr-serverless:StartJobRun", "starts jobs"),
    ("emr-serverless:*", ""),
    ("glue:Get*", "reads"),
    ("glue:BatchGet*", "reads"),
    ("glue:Batch*", "writes"),
    ("glue:Create*", "writes"),
    ("glue:Update*", "writes"),
    ("glue:Delete*", "drops"),
    ("iam:PassRole", "passes"),
    ("kms:*", "uses"),
    ("logs:Put*", "writes"),
    ("logs:*", ""),
    ("redshift*", "queries"),
    ("s3:Get*", "reads"),
    ("s3:List*", ""),
    ("s3:Put*", "writes"),
    ("s3:Delete*", "deletes"),
    ("s3:Abort*", ""),
    ("sns:Publish", "publishes"),
    ("sqs:ReceiveMessage", "receives"),
    ("sqs:SendMessage", "sends"),
    ("sqs:*", ""),
)
"""The verb of an action, the first that fits; empty for what only goes with another."""
OTHER = "uses"
ORDER = [*dict.fromkeys(verb for _, verb in VERBS)]
"""In which a picture says them."""


@dataclass(frozen=True, kw_only=True)
class Right:
    """What one statement allows on one resource."""

    holder: str
    """The path of a role, or of the resource whose own policy it is."""
    principal: str
    """Whom a resource's own policy admits; empty for the right of a role."""
    actions: tuple[str, ...]
    target: str | None
    """The path of a resource of the environment; None: it is about something else."""
    pattern: str
    """The resource as the statement has it."""
    part: str
    """What is left of the pattern behind the target's ARN: `_archive/*`."""

    @property
    def verbs(self) -> tuple[str, ...]:
        """What a picture says of it: `reads`, `writes _archive/`."""
        part = next((text for text in reversed(self.part.split("/")) if text.strip("*")), "")
        where = f" {part}{'/' if self.part.endswith('/*') else ''}" if part else ""
        said = {verb_of(action) for action in self.actions if not self._of_tables_only(action)}
        return tuple(f"{verb}{where}" for verb in sorted(said - {""}, key=ORDER.index))

    def _of_tables_only(self, action: str) -> bool:
        """Whether the right on a table says it: Glue wants it of the table's database too."""
        of_table = action.startswith("glue:") and action.endswith(("Table", "Partition"))
        return of_table and ":table/" not in self.pattern


def verb_of(action: str) -> str:
    """The verb of `s3:GetObject`."""
    return next((verb for pattern, verb in VERBS if fnmatchcase(action, pattern)), OTHER)


def rights_of_roles(environment: Environment) -> Iterator[Right]:
    """What each role may do."""
    for policy in environment.resources.values():
        if policy.type == "AWS::IAM::Policy":
            for role in sorted(policy.references["Roles"]):
                for statement in allowed(policy.properties["PolicyDocument"]):
                    yield from _rights(environment, role, statement)


def admitted(environment: Environment) -> Iterator[Right]:
    """Whom the policies of keys, buckets, queues and topics admit beside the account itself."""
    for policy in environment.resources.values():
        document = policy.properties.get("PolicyDocument") or policy.properties.get("KeyPolicy")
        if policy.type != "AWS::IAM::Policy" and document:
            for statement in allowed(document):
                for principal in principals(statement):
                    if not principal.endswith(":root"):  # the account itself, as everywhere
                        yield from _rights(environment, policy.path, statement, principal)


def allowed(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The statements that allow something."""
    return (each for each in document["Statement"] if each["Effect"] == "Allow")


def principals(statement: Mapping[str, Any]) -> list[str]:
    """Whom a statement names: services, and roles by their ARNs."""
    named = statement["Principal"]
    if isinstance(named, str):
        return [named]
    return [principal for each in named.values() for principal in several(each)]


def short_principal(environment: Environment, principal: str) -> str:
    """A service without its region, or the name of a role."""
    if principal.endswith(".amazonaws.com"):
        return f"{principal.partition('.')[0]}.amazonaws.com"
    role, _ = _found(environment.resources.values(), principal)
    return f"`{environment.resources[role].name}`" if role else f"`{principal}`"


def shown_target(environment: Environment, right: Right) -> str:
    """What a right is about, in short: ``bucket `landing/*` ``, ``` `sqs airflow-celery-*` ```."""
    target = environment.resources.get(right.target or "")
    if target is None or target.type in ARNS:
        return f"`{short_arn(right.pattern, environment.settings.prefix)}`"
    name = target.name if right.part == "" else f"{target.name}/{right.part}"
    return f"{KINDS[target.type].noun if target.type in KINDS else target.type} `{name}`"


def _rights(
    environment: Environment, holder: str, statement: Mapping[str, Any], principal: str = ""
) -> Iterator[Right]:
    for pattern in several(statement["Resource"]):
        target, part = _found(environment.resources.values(), pattern)
        yield Right(
            holder=holder,
            principal=principal,
            actions=tuple(sorted(several(statement["Action"]))),
            target=target,
            pattern=pattern,
            part=part,
        )


def _found(resources: Iterable[Resource], pattern: str) -> tuple[str | None, str]:
    """The resource that `pattern` is about, and what of it; of several, the first."""
    for resource in resources:
        for arn in resource.arns:
            if pattern in (arn, f"{arn}:*"):
                return resource.path, ""
            if pattern.startswith(f"{arn}/"):
                return resource.path, pattern.removeprefix(f"{arn}/")
    return None, ""


def targets(environment: Environment, right: Right) -> Iterator[str]:
    """The resources that a right is about; several where it has a pattern of their names."""
    if right.target:
        yield right.target
    elif right.pattern != "*":
        for resource in environment.resources.values():
            if any(fnmatchcase(arn, right.pattern) for arn in resource.arns):
                yield resource.path


def several(value: Any) -> list[str]:
    """What a policy has one or a list of."""
    return [value] if isinstance(value, str) else list(value)
