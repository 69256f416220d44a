"""What is wrong, and who was told: one message a problem, and one when it is over.

Who reports gives what is wrong now. What each channel was told is a document in the curated bucket,
`_problems/<scope>.json`; the difference is what is sent. A channel that was down, and one that is
new, is told of all that is open as soon as somebody reports again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import sleep
from uuid import uuid4

from lake.notifications.channels import Channel, ChannelsFailed, channels_of
from lake.notifications.documents import Problem, Reported, Told, ToldProblem, Turn
from lake.notifications.messages import Change, digest_of, message_of
from lake.pipeline.store import Store, connect
from lake.settings import LakeSettings, lake_settings

SCOPE = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
MOST_MESSAGES = 10
"""Of one report to one channel: more changes than that are one message that lists them."""
TURN = timedelta(minutes=2)
"""How long sending takes at most: a report that was killed is waited for no longer."""
WAIT_SECONDS = 0.5


def report(
    scope: str,
    problems: Collection[Problem],
    *,
    unjudged: Collection[str] = (),
    when_over: str = "",
    now: datetime | None = None,
) -> Reported:
    """Send one message for each problem that is new, and one for each that is over.

    Args:
        scope: whose problems these are, as a path: `quality/music_songplays`.
        problems: all that are open now.
        unjudged: ids that nothing is known of this time: what is open of them stays open.
        when_over: what the message of an end says besides, such as the run that it was seen in.
        now: the time in UTC; that of the clock by default.

    Raises:
        lake.notifications.channels.ChannelsFailed: channels refused messages; the others got
            theirs. A report of the same problems again sends what is missing, and only that.
        ValueError: two problems have one id, or the scope is no path.
    """
    return Reporter.of(lake_settings()).report(
        scope, problems, unjudged=unjudged, when_over=when_over, now=now
    )


def place_of(scope: str) -> str:
    """The key of what was told of a scope, in the curated bucket."""
    return f"_problems/{scope}.json"


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """Tells the channels of one environment."""

    environment: str
    store: Store
    channels: tuple[Channel, ...]
    reminder: timedelta | None
    """After which a problem that is still open is told again; None: never."""
    turn: timedelta = TURN

    @classmethod
    def of(cls, settings: LakeSettings) -> Reporter:
        """That of the environment that this process belongs to."""
        days = settings.reminder_days
        store = Store(
            landing_bucket=settings.landing_bucket,
            curated_bucket=settings.curated_bucket,
            s3=connect(),
        )
        return cls(
            environment=settings.environment,
            store=store,
            channels=channels_of(settings),
            reminder=timedelta(days=days) if days else None,
        )

    def open_ids(self, scope: str) -> frozenset[str]:
        """The problems of a scope that some channel was told of, and not of their end."""
        told = self.store.read(place_of(_checked(scope)), Told) or Told()
        return frozenset(id for known in told.channels.values() for id in known)

    def report(
        self,
        scope: str,
        problems: Collection[Problem],
        *,
        unjudged: Collection[str] = (),
        when_over: str = "",
        now: datetime | None = None,
    ) -> Reported:
        """As the function `report`."""
        delivery = _Delivery(
            environment=self.environment,
            scope=_checked(scope),
            reminder=self.reminder,
            open_now=_by_id(problems),
            unjudged=frozenset(unjudged),
            when_over=when_over,
            now=now or datetime.now(UTC),
        )
        self._deliver(delivery, place_of(scope))
        if delivery.failures:
            raise ChannelsFailed(delivery.failures)
        return delivery.reported

    def _deliver(self, delivery: _Delivery, key: str) -> None:
        """Send and write, in turns with other reports of the scope: each message is sent once.

        Sent first and written after: a kill in between sends again, and loses nothing. Who is
        killed keeps the others waiting until its turn is over.
        """
        mine = uuid4().hex
        while True:
            found, etag = self.store.read_tagged(key, Told)
            told = found or Told()
            known = {each.name: told.channels.get(each.name, {}) for each in self.channels}
            if told.turn and told.turn.report == mine:
                after = {each.name: delivery.tell(each, known[each.name]) for each in self.channels}
                if self.store.replace(key, Told(channels=after), etag=etag):
                    return
            elif not any(delivery.changes(channel) for channel in known.values()):
                return
            elif told.turn is None or told.turn.until <= datetime.now(UTC):
                turn = Turn(report=mine, until=datetime.now(UTC) + self.turn)
                self.store.replace(key, told.model_copy(update={"turn": turn}), etag=etag)
            else:
                sleep(WAIT_SECONDS)


@dataclass(frozen=True, kw_only=True)
class _Delivery:
    """One report on its way to the channels."""

    environment: str
    scope: str
    reminder: timedelta | None
    open_now: Mapping[str, Problem]
    unjudged: frozenset[str]
    when_over: str
    now: datetime
    sent: dict[tuple[str, str], Change] = field(default_factory=dict)
    """By channel and problem."""
    failures: dict[str, Exception] = field(default_factory=dict)
    """By channel; the last of each."""

    def tell(self, channel: Channel, told: Mapping[str, ToldProblem]) -> dict[str, ToldProblem]:
        """Send a channel what it does not know yet; gives what it knows then."""
        self.failures.pop(channel.name, None)
        changes = self.changes(told)
        due = [change for change in changes if (channel.name, change.id) not in self.sent]
        for batch in [due] if len(due) > MOST_MESSAGES else [[change] for change in due]:
            self._send(channel, batch)
        known = dict(told)
        for change in changes:
            if (channel.name, change.id) not in self.sent:
                continue
            if change.kind == "over":
                del known[change.id]
            else:
                known[change.id] = ToldProblem(
                    title=change.title,
                    severity=change.severity,
                    since=change.since,
                    told_at=self.now,
                )
        return known

    @property
    def reported(self) -> Reported:
        """What was sent."""
        ids: dict[str, list[str]] = {"new": [], "still": [], "over": []}
        for change in {change.id: change for change in self.sent.values()}.values():
            ids[change.kind].append(change.id)
        return Reported.model_validate({kind: tuple(found) for kind, found in ids.items()})

    def _send(self, channel: Channel, changes: list[Change]) -> None:
        write = {"environment": self.environment, "scope": self.scope}
        if len(changes) == 1:
            message = message_of(changes[0], now=self.now, **write)
        else:
            message = digest_of(changes, now=self.now, **write)
        try:
            channel.send(message)
        except Exception as error:  # raised when the other channels had their turn
            self.failures[channel.name] = error
        else:
            self.sent.update({(channel.name, change.id): change for change in changes})

    def changes(self, told: Mapping[str, ToldProblem]) -> list[Change]:
        """What who was told this does not know yet."""
        return [
            *(change for each in self.open_now.values() if (change := self._open(each, told))),
            *(
                Change(
                    kind="over",
                    id=id,
                    title=known.title,
                    severity=known.severity,
                    since=known.since,
                    text=self.when_over,
                )
                for id, known in told.items()
                if id not in self.open_now and id not in self.unjudged
            ),
        ]

    def _open(self, problem: Problem, told: Mapping[str, ToldProblem]) -> Change | None:
        known = told.get(problem.id)
        worse = known and (known.severity, problem.severity) == ("warn", "fail")
        if known and not worse and not self._is_due(known):
            return None
        return Change(
            kind="still" if known and not worse else "new",
            id=problem.id,
            title=problem.title,
            severity=problem.severity,
            since=known.since if known else self.now,
            text=problem.text,
            url=problem.url,
        )

    def _is_due(self, known: ToldProblem) -> bool:
        return self.reminder is not None and self.now - known.told_at >= self.reminder


def _checked(scope: str) -> str:
    if not SCOPE.fullmatch(scope):
        raise ValueError(f"scope {scope!r}: expected a path of letters, digits, '.', '_' and '-'")
    return scope


def _by_id(problems: Collection[Problem]) -> dict[str, Problem]:
    twice = [id for id, count in Counter(each.id for each in problems).items() if count > 1]
    if twice:
        raise ValueError(f"problems of one id: {', '.join(twice)}")
    return {problem.id: problem for problem in problems}


__all__ = ["Problem", "Reported", "Reporter", "place_of", "report"]
