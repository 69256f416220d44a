"""What changes mean for the people who own the environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.changes.compare import Action, Change, Comparison
from infra.changes.deployed import Deployed
from infra.changes.mwaa import MWAA, Verdict, update_of
from infra.changes.templates import Templates


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What goes with a resource."""

    what: str
    instead: str


BACK = "keep it in the app as it is deployed"
LOSSES = {
    MWAA: Loss(
        what="its metadata database goes: run history, variables, connections; a new one takes 20 "
        "to 30 minutes",
        instead="a second environment beside the first (docs/upgrade.md), or keep it as deployed",
    ),
    "AWS::S3::Bucket": Loss(what="its objects go, with all their versions", instead=BACK),
    "AWS::KMS::Key": Loss(
        what="what it encrypted cannot be read once the days of its deletion are over",
        instead=BACK,
    ),
    "AWS::Glue::Database": Loss(
        what="the definitions of its tables go; the files stay in the bucket", instead=BACK
    ),
    "AWS::Athena::WorkGroup": Loss(what="its saved queries and history go", instead=BACK),
    "AWS::RedshiftServerless::Namespace": Loss(
        what="its databases go, with all tables",
        instead=f"{BACK}, or compute the models again (docs/redshift.md)",
    ),
    "AWS::EC2::VPC": Loss(what="whatever is in it has to move", instead=BACK),
    "AWS::EC2::Subnet": Loss(what="what is in it has to move", instead=BACK),
    "AWS::SQS::Queue": Loss(
        what="messages that nobody has read go; a sweep loads files that they told of",
        instead=BACK,
    ),
    "AWS::SNS::Topic": Loss(
        what="its subscriptions go, and e-mail addresses have to confirm again", instead=BACK
    ),
    "AWS::Logs::LogGroup": Loss(what="its logs go", instead=BACK),
}
"""By type: what holds data, or takes long to make. Other resources come and go unsaid."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A line of what a deploy does."""

    verdict: Verdict
    subject: str
    found: str
    instead: str = ""


def findings(deployed: Deployed, wanted: Templates) -> Iterator[Finding]:
    """What a deploy of `wanted` does: nothing is yielded where it changes nothing that matters."""
    for change in Comparison(deployed.templates, wanted).changes():
        if change.action is not Action.UPDATED:
            if change.type in LOSSES:
                yield _lost(change, LOSSES[change.type])
        elif change.type == MWAA and deployed.environment:
            for verdict, found, instead in update_of(
                deployed.environment, wanted.properties[change.key], change.properties
            ):
                yield Finding(
                    verdict=verdict, subject=change.construct, found=found, instead=instead
                )


def _lost(change: Change, loss: Loss) -> Finding:
    again = change.action is Action.DELETED and change.name_taken
    what = f"{change.type} {change.action}" + (" and made anew" if again else "")
    if change.properties:
        what += f", because {', '.join(change.properties)} changes"
    if change.name_taken:
        return Finding(
            verdict=Verdict.REFUSED,
            subject=change.construct,
            found=f"{what}: CloudFormation makes the new one first, and its name is taken by the "
            f"old one; after a rename, {loss.what}",
            instead=loss.instead,
        )
    if change.kept:
        return Finding(
            verdict=Verdict.UPDATES,
            subject=change.construct,
            found=f"{what}; the old one stays in the account, outside of the stack",
            instead="remove it by hand once it is not needed",
        )
    return Finding(
        verdict=Verdict.LOSES,
        subject=change.construct,
        found=f"{what}: {loss.what}",
        instead=loss.instead,
    )
