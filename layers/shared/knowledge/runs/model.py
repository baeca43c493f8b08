"""Runs and their plans as values. Times are ms since 1970 (UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from knowledge.actors import Author
from knowledge.errors import PlanVersionError
from knowledge.model import Counts, Failure, ObjectRef

if TYPE_CHECKING:
    from knowledge.index.manifest import BuiltIndex


class RunMode(StrEnum):
    """Whether a run reads what the journal names, or everything."""

    INCREMENTAL = "incremental"
    FULL = "full"


class RunState(StrEnum):
    """The life of a run."""

    PLANNING = "planning"
    READY = "ready"
    APPLYING = "applying"
    PUBLISHED = "published"
    FAILED = "failed"
    EXPIRED = "expired"
    # Somebody decided that it is not to be published.
    DISCARDED = "discarded"


class Discovery(StrEnum):
    """Whether a run read the whole desired state."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One numbered file of a plan's changes: how many lines of changes it has, and the object.

    The object's digest is that of its directory, which is the last `directory_bytes` of it.
    """

    number: int
    changes: int
    object: ObjectRef
    directory_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run found, what it was found against, and the index that publishes it.

    `base_digest` is that of the manifest that it was found against; `index` is what is served when it is published, the
    same where nothing changes. `parts` is empty when they are too many for a row; `part_list` names the object that
    lists them then (see `runs.plan_parts`). `drops` counts rows that were removed before they were ever published; they
    change no generation. `writers` are the ids of keys, 100 at most, whose writes it covers. `erasures` is the
    source's erasure epoch when the planning began. `erased` counts the changes whose items were taken back since.
    `covered_items` is the source's once the plan is published.
    """

    version: int
    base_generation_id: str | None
    base_digest: str | None
    index: BuiltIndex
    settings_version: int
    format: int
    parts: tuple[PlanPart, ...]
    counts: Counts
    drops: int
    discovery: Discovery
    planned_at: int
    expires_at: int
    part_list: ObjectRef | None = None
    writers: tuple[str, ...] = ()
    erasures: int = 0
    erased: int = 0
    covered_items: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A reviewable change set between the staging set and a base generation.

    `earlier_plans` are the last ones before the plan, which it can be compared with.
    """

    tenant_id: str
    source_id: str
    run_id: str
    mode: RunMode
    state: RunState
    plan_version: int
    plan: Plan | None
    generation_id: str | None
    last_error: Failure | None
    deadline_at: int
    created_at: int
    updated_at: int
    created_by: Author | None = None
    message: str | None = None
    earlier_plans: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """What an apply came to: the generation that now serves, and what the run changed in it."""

    generation_id: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class PlanningProgress:
    """How far a planning has come: done, or to be carried on from a checkpoint.

    `plan` and the time at which it was stored are told when this planning's plan is the one that stands.
    """

    done: bool
    checkpoint: ObjectRef | None = None
    plan: Plan | None = None
    stored_at: int | None = None


def check_reviewed(run: Run, plan_version: int | None) -> None:
    """Make sure that a run has, or was published with, the plan that somebody reviewed; None stands for any.

    Raises PlanVersionError.
    """
    if plan_version in (None, run.plan_version):
        return
    message = f"The run has plan version {run.plan_version} now. Review its changes, then apply that version."
    if run.state is RunState.PUBLISHED:
        message = f"The run was published with plan version {run.plan_version}. Compare the generations to see how."
    raise PlanVersionError(message)


def part_from(value: Mapping[str, Any]) -> PlanPart:
    """Read a part back from the plain value that `asdict` made of it."""
    return PlanPart(**{**value, "object": ObjectRef(**value["object"])})


def built_from(value: Mapping[str, Any]) -> BuiltIndex:
    """Read what was built back from the plain value that `asdict` made of it."""
    # Who reads of runs only how they are needs nothing of indexes.
    from knowledge.index.manifest import BuiltIndex

    return BuiltIndex(**{**value, "manifest": ObjectRef(**value["manifest"])})


def plan_from(value: Mapping[str, Any]) -> Plan:
    """Read a plan back from the plain value that `asdict` made of it."""
    aside = value.get("part_list")
    return Plan(
        **{
            **value,
            "index": built_from(value["index"]),
            "parts": tuple(map(part_from, value["parts"])),
            "part_list": None if aside is None else ObjectRef(**aside),
            "writers": tuple(value["writers"]),
            "counts": Counts(**value["counts"]),
            "discovery": Discovery(value["discovery"]),
        }
    )
