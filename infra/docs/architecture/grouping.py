"""Resources that have the same relations to the same others, taken for one.

Two resources of a type stay together as long as nothing tells them apart: each round splits what
has different relations to the groups of the round before, as in
https://en.wikipedia.org/wiki/Partition_refinement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from infra.docs.architecture.environment import Resource
from infra.docs.architecture.kinds import KINDS
from infra.docs.architecture.relations import Relation


def grouped(
    resources: Mapping[str, Resource], relations: Iterable[Relation]
) -> tuple[tuple[str, ...], ...]:
    """The paths of what is drawn as one, each group and all of them sorted."""
    relations = [each for each in relations if {each.source, each.target} <= {*resources}]
    group: dict[str, Any] = {path: _first(resource) for path, resource in resources.items()}
    count = 0
    while count < (count := len({*group.values()})):
        around = defaultdict(set)
        for each in relations:
            around[each.source].add(("to", group[each.target], each.verbs))
            around[each.target].add(("from", group[each.source], each.verbs))
        named = {path: (group[path], frozenset(around[path])) for path in resources}
        number = {name: index for index, name in enumerate(dict.fromkeys(named.values()))}
        group = {path: number[name] for path, name in named.items()}
    members = defaultdict(list)
    for path, name in group.items():
        members[name].append(path)
    return tuple(sorted(tuple(sorted(paths)) for paths in members.values()))


def _first(resource: Resource) -> tuple[str, ...]:
    apart = (resource.path,) if KINDS[resource.type].apart else ()
    return (resource.stack, resource.type, *apart)
