"""What keeps the promises of exports, taken away."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.erasures import sweeping
from knowledge.exports import writing
from knowledge.storage import uploads

from tests.faults import traps_exports
from tests.faults.mutating import Mutation, without

_EPOCH = "attribute_not_exists(erasureEpoch)"


def _unlisted(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(uploads.UploadStore, "list_uploads", lambda *_: iter(()))


def _etags_of_the_first_sending(patched: pytest.MonkeyPatch) -> None:
    """Put a file together by what the first sending of each part was answered, which is not what is there."""
    send, listed = uploads.UploadStore.send_part, uploads.UploadStore.list_parts
    kept: dict[tuple[str, int], Any] = {}

    def send_and_keep(self: Any, upload: Any, number: int, body: bytes) -> None:
        send(self, upload, number, body)
        part = next(each for each in listed(self, upload) if each.name["PartNumber"] == number)
        kept.setdefault((upload.upload_id, number), part)

    patched.setattr(uploads.UploadStore, "send_part", send_and_keep)
    patched.setattr(
        uploads.UploadStore,
        "list_parts",
        lambda self, upload: [kept[upload.upload_id, part.name["PartNumber"]] for part in listed(self, upload)],
    )


EXPORTS = [
    Mutation(
        "erasure epoch when an export is completed",
        traps_exports.export_that_an_erasure_came_before_is_never_completed,
        without(_EPOCH),
    ),
    Mutation(
        "erasure epoch when an export is begun", traps_exports.no_export_is_begun_beside_an_erasure, without(_EPOCH)
    ),
    Mutation(
        "sweep of exports",
        traps_exports.erased_text_is_in_no_file_of_an_export,
        patch=lambda patched: patched.setattr(sweeping.Sweeper, "sweep_exports", lambda *_: 0),
    ),
    Mutation("unfinished exports", traps_exports.erased_text_is_in_no_file_of_an_export, patch=_unlisted),
    Mutation("part before a part", traps_exports.late_note_of_a_part_takes_nothing_back, without("parts = :before")),
    Mutation("part as it is", traps_exports.two_invocations_send_each_part_twice, patch=_etags_of_the_first_sending),
    Mutation(
        "one upload of an export",
        traps_exports.two_invocations_write_one_file,
        without("attribute_not_exists(uploadId)"),
    ),
    Mutation(
        "upload that was not noted",
        traps_exports.two_invocations_write_one_file,
        patch=lambda patched: patched.setattr(writing.ExportWriter, "_abort_unless_noted", lambda *_: None),
    ),
    Mutation(
        "file in place of an upload",
        traps_exports.file_that_another_invocation_put_together_is_found,
        patch=lambda patched: patched.setattr(uploads.UploadStore, "find_size", lambda *_: None),
    ),
    Mutation(
        "silence of an export", traps_exports.export_that_is_shown_as_failed_stays_so, without("aliveUntil > :now")
    ),
    Mutation(
        "generation of an export",
        traps_exports.retired_generation_is_not_begun_to_be_exported,
        without("attribute_not_exists(retiredAt)"),
    ),
    Mutation(
        "key of an export",
        traps_exports.export_of_a_key_that_ended_has_no_file,
        patch=lambda patched: patched.setattr(writing.ExportWriter, "_check_key", lambda *_: None),
    ),
]
