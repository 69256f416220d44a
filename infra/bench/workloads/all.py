"""Every workload, by the name that the command takes."""

from __future__ import annotations

from collections.abc import Mapping

from infra.bench.workloads import Workload, delimited, fixed_width, json_lines

WORKLOADS: Mapping[str, Workload] = {
    each.name: each for each in (fixed_width.WORKLOAD, delimited.WORKLOAD, json_lines.WORKLOAD)
}
