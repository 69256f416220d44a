"""The pictures of the stacks: one of all of them, one of each, and one of their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os.path import commonprefix

from infra.docs.architecture.environment import Environment, Resource
from infra.docs.architecture.flowchart import Arrow, Flowchart, Group, Node
from infra.docs.architecture.grouping import grouped
from infra.docs.architecture.kinds import KINDS
from infra.docs.architecture.names import ELSEWHERE
from infra.docs.architecture.relations import ENCRYPTS, Relation, relations, wholes

LONGEST_LIST = 45
"""Characters; what is longer is left to the templates."""
SHORTEST_COMMON = 4


@dataclass(frozen=True)
class Pictures:
    """The environments, drawn into one: what not all of them have says so."""

    environments: Sequence[Environment]

    @property
    def order(self) -> Flowchart:
        """Which stack has to stand before which."""
        stacks = dict.fromkeys(name for each in self.environments for name in each.stacks)
        before: dict[tuple[str, str], set[str]] = {}
        for each in self.environments:
            for name, others in each.stacks.items():
                for other in others:
                    before.setdefault((other, name), set()).add(each.name)
        names = {each.name for each in self.environments}
        return Flowchart(
            nodes=[Node(id=name, lines=(name, self._counted(name))) for name in stacks],
            arrows=[
                Arrow(source=one, target=other, label=self._only(has, names).strip(" ()"))
                for (one, other), has in sorted(before.items())
            ],
        )

    @property
    def overview(self) -> Flowchart:
        """Every stack, without what only a stack's own picture has."""
        return self._flowchart(
            [group for group in self._groups if not KINDS[self._resources[group[0]].type].detail],
            without=(ENCRYPTS, "logs requests"),
        )

    def stack(self, name: str) -> Flowchart:
        """One stack, and what of the others it has to do with."""
        own = {group for group in self._groups if self._resources[group[0]].stack == name}
        group_of = {path: group for group in self._groups for path in group}
        beside = set()
        for each in self._relations:
            ends = {group_of[each.source], group_of[each.target]}
            beside |= ends if ends & own else set()
        return self._flowchart(sorted(own | beside), about=name)

    @property
    def names(self) -> list[str]:
        """Of the stacks."""
        return [*dict.fromkeys(name for each in self.environments for name in each.stacks)]

    @cached_property
    def _resources(self) -> Mapping[str, Resource]:
        """All that is drawn, by path."""
        return {
            path: resource
            for each in self.environments
            for path, resource in sorted(each.resources.items())
            if resource.type in KINDS and path not in wholes(each)
        }

    @cached_property
    def _relations(self) -> Mapping[Relation, tuple[str, ...]]:
        """Every relation among what is drawn, and the environments that have it."""
        found: dict[Relation, tuple[str, ...]] = {}
        for each in self.environments:
            for relation in sorted(relations(each)):
                if {relation.source, relation.target} <= {*self._resources}:
                    found[relation] = (*found.get(relation, ()), each.name)
        return found

    @cached_property
    def _groups(self) -> tuple[tuple[str, ...], ...]:
        return grouped(self._resources, self._relations)

    def _flowchart(
        self,
        groups: Sequence[tuple[str, ...]],
        *,
        without: Sequence[str] = (),
        about: str | None = None,
    ) -> Flowchart:
        arrows = [*self._arrows(groups, without, about)]
        met = {end for arrow in arrows for end in (arrow.source, arrow.target)}
        shown = [
            group
            for group in groups
            if group[0] in met or not any(group[0] in self._ends(each) for each in self._relations)
        ]
        return Flowchart(
            groups=[
                Group(
                    id=f"stack_{name}",
                    title=f"{name} stack",
                    nodes=tuple(
                        self._node(group)
                        for group in shown
                        if self._resources[group[0]].stack == name
                    ),
                )
                for name in self.names
                if any(self._resources[group[0]].stack == name for group in shown)
            ],
            arrows=arrows,
        )

    def _ends(self, relation: Relation) -> set[str]:
        return {relation.source, relation.target}

    def _arrows(
        self, groups: Iterable[tuple[str, ...]], without: Sequence[str], about: str | None
    ) -> Iterator[Arrow]:
        group_of = {path: group for group in groups for path in group}
        found: dict[tuple[str, str], dict[str, set[str]]] = {}
        for relation, environments in self._relations.items():
            one, other = group_of.get(relation.source), group_of.get(relation.target)
            stacks = {self._resources[end].stack for end in self._ends(relation)}
            if not one or not other or one == other or (about and about not in stacks):
                continue
            if ENCRYPTS in relation.verbs and len(stacks) > 1:
                continue  # the key has to do with all of them; a thick border says so
            verbs = found.setdefault((one[0], other[0]), {})
            for verb in relation.verbs:
                if verb not in without:
                    verbs.setdefault(verb, set()).update(environments)
        for (source, target), verbs in sorted(found.items()):
            both = self._present(group_of[source]) & self._present(group_of[target])
            said = [f"{verb}{self._only(has, both)}" for verb, has in verbs.items()]
            if said:
                yield Arrow(
                    source=source,
                    target=target,
                    label="" if said == [ENCRYPTS] else ", ".join(said),
                    dotted=ENCRYPTS in verbs,
                )

    def _node(self, group: tuple[str, ...]) -> Node:
        first = self._resources[group[0]]
        kind = KINDS[first.type]
        counts = {
            each.name: sum(path in each.resources for path in group) for each in self.environments
        }
        title = kind.counted(counts) + self._only(self._present(group), {*counts})
        encrypted = any(
            ENCRYPTS in each.verbs and each.target == group[0] for each in self._relations
        )
        lines = tuple(line for line in (title, self._called(group)) if line)
        return Node(id=group[0], lines=lines, shape=kind.shape, encrypted=encrypted)

    def _called(self, group: tuple[str, ...]) -> str:
        """The name of the only one, what the names of several begin with, or a short list."""
        names = [self._resources[path].name for path in group]
        begins = commonprefix(names)  # noqa: RUF071  # of names, not of paths
        common = len(names) > 1 and len(begins) >= SHORTEST_COMMON
        text = begins if common else ", ".join(names)
        same = text.lower() in KINDS[self._resources[group[0]].type].noun.replace(" ", "").lower()
        if same or text == ELSEWHERE or len(text) > LONGEST_LIST:
            return ""
        return f"{text}*" if common else text

    def _present(self, group: tuple[str, ...]) -> set[str]:
        return {each.name for each in self.environments if {*group} & {*each.resources}}

    def _only(self, some: set[str], of: set[str]) -> str:
        return "" if some >= of else f" ({', '.join(sorted(some))} only)"

    def _counted(self, stack: str) -> str:
        counts = {
            each.name: sum(resource.stack == stack for resource in each.resources.values())
            for each in self.environments
        }
        if len({*counts.values()}) == 1:
            return f"{max(counts.values())} resources"
        return "resources: " + ", ".join(f"{count} in {name}" for name, count in counts.items())
