"""The task of the machine `export` as JSON in, JSON out.

State: `{tenantId, sourceId, exportId, written?, error?}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.assembly import KnowledgeServices
from knowledge.errors import ExportFailedError
from knowledge.exports.model import ExportName
from knowledge.runs.failures import TaskFailure, domain_error

State = Mapping[str, Any]


def write_export(knowledge: KnowledgeServices, call: State) -> dict[str, Any]:
    """Take `{phase, state}` and write the next parts of a file, or end the export as failed: `{ended}`."""
    state = call["state"]
    name = ExportName(state["tenantId"], state["sourceId"], state["exportId"])
    writer = knowledge.exports.writer
    if call["phase"] == "failed":
        writer.fail_export(name, domain_error(TaskFailure.caught(state["error"]), ExportFailedError))
        return {"ended": True}
    return {"ended": writer.write_export(name)}
