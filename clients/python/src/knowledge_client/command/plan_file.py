"""plan.json: which run was looked at, and at which version of its plan. What `kb apply plan.json` publishes is that."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from knowledge_client.command.exits import StoppedError

FORMAT = 1
MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A run that was planned. `approval` is the number of removals that somebody must approve, 0 for none."""

    label: str
    sourceId: str  # noqa: N815 - as it stands in the file
    runId: str  # noqa: N815
    planVersion: int  # noqa: N815
    approval: int


def write_plan_file(file: Path, plan: PlanFile) -> None:
    """Write the file whole, or leave what is there."""
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(json.dumps({"format": FORMAT, **asdict(plan)}, indent=2) + "\n", "utf-8")
        os.replace(part, file)  # noqa: PTH105 - over an older one, on Windows too
    finally:
        part.unlink(missing_ok=True)


def read_plan_file(file: Path) -> PlanFile:
    """Read a file that `kb plan` wrote. Raises StoppedError when it is none."""
    try:
        with file.open("rb") as opened:
            found: Any = json.loads(opened.read(MAX_BYTES))
    except OSError as error:
        raise _wrong(file, f"can't be read: {error.strerror or error}") from error
    except ValueError as error:
        raise _wrong(file, f"is no JSON: {error}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _wrong(file, "was not written by this version of kb plan")
    given: dict[str, Any] = {}
    for field in fields(PlanFile):
        value = found.get(field.name)
        is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if not (is_number if field.type == "int" else isinstance(value, str) and value):
            raise _wrong(file, f"has no sound {field.name}")
        given[field.name] = value
    return PlanFile(**given)


def _wrong(file: Path, what: str) -> StoppedError:
    return StoppedError(f"{file} {what}", code="plan_file", next_step="Write one: kb plan --out plan.json")
