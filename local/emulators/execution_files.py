"""Remembers which Standard executions are under way, so that a restart begins them again.

AWS would go on within an execution; here it starts from its first state, under its name and with its input. Machines
whose tasks may run twice, as they may on AWS too, finish their work that way.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Unfinished:
    """An execution that was under way."""

    machine_arn: str
    name: str
    input: str


class ExecutionFiles:
    """A folder with one file for each execution under way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, execution: Unfinished) -> bool:
        """Note an execution before it begins; False when it is noted already."""
        path = self._path(execution.machine_arn, execution.name)
        if path.exists():
            return False
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(execution)), "utf-8")
        part.replace(path)
        return True

    def end(self, machine_arn: str, name: str) -> None:
        """Forget an execution that has ended, or never began."""
        self._path(machine_arn, name).unlink(missing_ok=True)

    def unfinished(self, machine_arn: str) -> list[Unfinished]:
        """Return the executions of a machine that did not end."""
        found = [Unfinished(**json.loads(path.read_text("utf-8"))) for path in self._folder.glob("*.json")]
        return [execution for execution in found if execution.machine_arn == machine_arn]

    def _path(self, machine_arn: str, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(f'{machine_arn}/{name}'.encode()).hexdigest()}.json"
