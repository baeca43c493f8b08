"""Keeps the messages of moto's queues in files, so that they outlive the process.

A message has one file from when it is sent until it is deleted. How often it was received, and for how long it is
invisible, is not kept: after a restart every message can be received again, as it can be on AWS at any time.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from moto.sqs.models import Message, Queue

_FIELDS = (
    "body",
    "deduplication_id",
    "delayed_until",
    "group_id",
    "message_attributes",
    "sent_timestamp",
    "sequence_number",
    "system_attributes",
)


class QueueFiles:
    """A folder with a folder of message files for each queue."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # The ids that have a file, by the queue's name.
        self._stored: dict[str, set[str]] = {}

    def load(self, queue: Queue) -> None:
        """Put every message that has a file into a new queue, the oldest first."""
        folder = self._folder / queue.name
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob("*.part"):
            leftover.unlink()
        documents = {path.name: json.loads(path.read_text("utf-8"), object_hook=_decoded) for path in folder.iterdir()}
        for message_id in sorted(documents, key=lambda name: documents[name]["sent_timestamp"]):
            message = Message(message_id, documents[message_id]["body"])
            for field in _FIELDS:
                setattr(message, field, documents[message_id][field])
            queue._messages.append(message)
        self._stored[queue.name] = set(documents)

    def store(self, queues: dict[str, Queue]) -> None:
        """Bring the files to what the queues hold; a message that moves is in both before it is in one."""
        gone: list[Path] = []
        for name, queue in queues.items():
            stored, held = self._stored.setdefault(name, set()), {message.id: message for message in queue._messages}
            for message_id in held.keys() - stored:
                self._write(self._folder / name / message_id, held[message_id])
            gone += [self._folder / name / message_id for message_id in stored - held.keys()]
            self._stored[name] = set(held)
        for path in gone:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, message: Message) -> None:
        document = {field: getattr(message, field) for field in _FIELDS}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(document, default=_encoded), "utf-8")
        part.replace(path)


def _encoded(value: Any) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _decoded(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
