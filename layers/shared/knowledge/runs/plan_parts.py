"""The list of a plan's parts: in the plan while it is short, else in an object that the plan names.

A plan goes into its run's row, which holds 400 KB, and through the state of a machine, which holds 256 KiB; 1 700 parts
fill the one and 1 100 the other. What would break the list, and what stands against it:

- A crash between the list and the row: no row names it. The run is planned again, under an attempt of its own.
- Two plannings of a run end: each has a list under its own attempt, and the row takes plan and list from one of them.
- The list goes while its plan lives: it lies with the parts that it names, and goes with them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from knowledge.runs.model import Plan, PlanPart, part_from
from knowledge.storage.format import FORMAT, pack_json, unpack_json
from knowledge.storage.objects import ObjectStore

PARTS_IN_PLAN = 50


@dataclass(frozen=True, slots=True)
class PlanParts:
    """Puts lists of parts aside and reads them."""

    objects: ObjectStore

    def put_aside(self, plan: Plan, prefix: str) -> Plan:
        """Move a long list of parts into an object under `prefix`, the folder of the plan's attempt."""
        if len(plan.parts) <= PARTS_IN_PLAN:
            return plan
        data = pack_json({"format": FORMAT, "parts": [asdict(part) for part in plan.parts]})
        return replace(plan, parts=(), part_list=self.objects.put_once(f"{prefix}/parts.json.gz", data))

    def parts_of(self, plan: Plan) -> tuple[PlanPart, ...]:
        """All parts of a plan.

        Raises ObjectGoneError or UnknownFormatError when a list that was put aside can't be read.
        """
        if plan.part_list is None:
            return plan.parts
        return tuple(part_from(value) for value in unpack_json(self.objects.get(plan.part_list))["parts"])
