"""Every way the knowledge lifecycle refuses or fails.

KnowledgeError
    BuildFailedError, RunFailedError, StagingConflictError, EmptySnapshotError,
    InvalidPositionError, InvalidSearchError, IndexTooLargeError, IndexUpgradingError,
    IndexDamagedError, InvalidItemsError
    NotFoundError
        SourceNotFoundError, ItemNotFoundError, RunNotFoundError, PlanNotKeptError,
        GenerationItemNotFoundError, SnapshotNotFoundError, ImportNotFoundError,
        ExportNotFoundError, ErasureNotFoundError, QuestionNotFoundError, AnswerNotFoundError
        GenerationNotFoundError
            GenerationRetiredError
    ConflictError
        SourceInactiveError, SourceActiveError, SourceLimitError, ImportLimitError,
        ExportLimitError, ImportEndedError, SnapshotOpenError, SnapshotClosedError,
        SnapshotIncompleteError, StaleVersionError, RunInProgressError, RunDiscardedError,
        RunPublishedError, NotApplyEligibleError, RemovalGuardError, PublishingLockedError,
        ErasureInProgressError, PreconditionFailedError
        StaleCursorError
            StaleListError
        TransientApplyError
            ApplyInProgressError, StaleBaseError, LeaseLostError, ApplyConflictError
            StalePlanError
                PlanVersionError
    ExportFailedError
        ExportKeyEndedError
    ImportFailedError
        ImportTooLargeError, ImportRejectedError, ImportKeyEndedError
    ServiceUnavailableError
        SettlingUnfinishedError, ProviderFailedError

The lifecycle knows nothing of HTTP: `httpapi.error_table` has the status of each code. What is stored names the code.
"""

from __future__ import annotations

from knowledge.limits import EXPORTS_UNDER_WAY, GENERATION_KEPT_MS, GENERATIONS_KEPT, IMPORTS_UNDER_WAY, SOURCES
from knowledge.words import duration_words


class KnowledgeError(Exception):
    """The root of every domain error; `str(error)` is fit to be shown to a tenant.

    `code` is what clients and stored rows know a class by. It never changes; the name of the class may.
    """

    code = "internal_error"
    message = "The request could not be carried out."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)

    @classmethod
    def reported(cls, message: str | None) -> KnowledgeError:
        """Make the error that a task failed with, of which a state machine tells the class and the message."""
        return cls(message)


class NotFoundError(KnowledgeError):
    """Raised when a named thing does not exist, or belongs to somebody else; the two look the same."""

    code = "not_found"
    message = "Not found."


class SourceNotFoundError(NotFoundError):
    """Raised when the tenant has no developer_api source of that id."""

    message = "Source not found. Check its id, and that the key reaches it and is of its environment."


class ItemNotFoundError(NotFoundError):
    """Raised when the staging set has no such item to read, remove or restore."""

    message = "Item not found. List the items of the source to see which are staged."


class RunNotFoundError(NotFoundError):
    """Raised when the source has no run of that id."""

    message = "Run not found. List the runs of the source to see which there are."


class PlanNotKeptError(NotFoundError):
    """Raised when a run is to be compared with a plan of it that is not kept, or that there never was."""


class GenerationNotFoundError(NotFoundError):
    """Raised when the source has no generation of that id, or none at all yet."""

    message = "Generation not found. List the generations of the source to see which are kept."


class GenerationItemNotFoundError(NotFoundError):
    """Raised when a generation serves no item of that id."""

    message = "This generation serves no such item. List what it serves, or name another generation."


class GenerationRetiredError(GenerationNotFoundError):
    """Raised when what a retired generation served is asked for; its objects may be gone."""

    message = (
        f"This generation is not kept any more: a source keeps its last {GENERATIONS_KEPT} generations, and older ones "
        f"for {duration_words(GENERATION_KEPT_MS)} after they were superseded."
    )


class SnapshotNotFoundError(NotFoundError):
    """Raised when the source has no snapshot of that id."""

    message = "Snapshot not found. Check its id, or open a new one."


class ImportNotFoundError(NotFoundError):
    """Raised when the source has no import of that id."""

    message = "Import not found. List the imports of the source to see which there are."


class ExportNotFoundError(NotFoundError):
    """Raised when the generation has no export of that id."""

    message = "Export not found. List the exports of the generation to see which there are."


class ErasureNotFoundError(NotFoundError):
    """Raised when the source has no erasure of that id."""

    message = "Erasure not found. List the erasures of the source to see which there are."


class QuestionNotFoundError(NotFoundError):
    """Raised when no question of that id is kept, or none that the key may see."""

    message = "Question not found."


class AnswerNotFoundError(NotFoundError):
    """Raised when no answer of that id is kept, or none that the key could have asked for."""

    message = "Answer not found. Feedback is taken of answers whose `feedback` is true, for as long as they are kept."


class ConflictError(KnowledgeError):
    """The root of every refusal that depends on the present state."""


class SourceInactiveError(ConflictError):
    """Raised when a write, run or apply meets an archived source."""

    code = "source_inactive"
    message = "The source is archived. Restore it first, then send the request again."


class SourceActiveError(ConflictError):
    """Raised when a source is to be deleted that is not archived."""

    code = "source_active"
    message = "The source is active. Archive it first, then delete it."


class SourceLimitError(ConflictError):
    """Raised when a tenant has as many sources as it may."""

    code = "source_limit"
    message = f"A tenant has at most {SOURCES:,} sources, archived ones included. Archive one and delete it first."


class ImportLimitError(ConflictError):
    """Raised when as many imports of a tenant are under way as may be."""

    code = "import_limit"
    message = (
        f"At most {IMPORTS_UNDER_WAY} imports of a tenant are under way at once, those included that wait for their "
        "file. Wait for one to end, or cancel one."
    )


class ExportLimitError(ConflictError):
    """Raised when as many exports of a tenant are under way as may be."""

    code = "export_limit"
    message = f"{EXPORTS_UNDER_WAY} exports of this tenant are under way, and no more may be. Wait until one has ended."


class ImportEndedError(ConflictError):
    """Raised when an import is to be cancelled that has ended, or whose generation is published."""

    code = "import_ended"
    message = "The import has ended already, so there is nothing left to cancel."


class SnapshotOpenError(ConflictError):
    """Raised when a snapshot is opened while another one of the source is under way."""

    code = "snapshot_open"
    message = "Another snapshot of this source is open. Complete or abort it first."


class SnapshotClosedError(ConflictError):
    """Raised when a snapshot takes no more parts and can't be aborted: it is completing, completed or gone."""

    code = "snapshot_closed"
    message = "The snapshot is no longer open. Open a new one."


class SnapshotIncompleteError(ConflictError):
    """Raised when a snapshot is to be completed and a part of it is missing, or it has not what it must have."""

    code = "snapshot_incomplete"
    message = "Parts of the snapshot are missing. Send them, and complete it then."


class StaleVersionError(ConflictError):
    """Raised when a write carries an older `sourceVersion` than the staged item."""

    code = "stale_version"
    message = "A newer sourceVersion of this item is already staged. Read the item before you push it again."


class RunInProgressError(ConflictError):
    """Raised when another run of this source is being planned, and went on for longer than one waits."""

    code = "run_in_progress"
    message = "Another run of this source is being planned. Start this run again shortly."


class RunDiscardedError(ConflictError):
    """Raised when a run that somebody discarded is applied, planned or searched."""

    code = "run_discarded"
    message = "The run was discarded, so it is never published. Start a new run."


class RunPublishedError(ConflictError):
    """Raised when a run is to be discarded that is published."""

    code = "run_published"
    message = "The run is published already. Restore the generation before it to take that back."


class NotApplyEligibleError(ConflictError):
    """Raised when a run that read an incomplete staging set is applied."""

    code = "not_apply_eligible"
    message = "The run's discovery was incomplete, so it cannot be applied. Start a new run."


class RemovalGuardError(ConflictError):
    """Raised when a run drops more items than the source's removal guard allows."""

    code = "removal_guard"
    message = "The run removes more items than the source's removalGuard allows."


class PublishingLockedError(ConflictError):
    """Raised when an apply or a restore meets a source whose publishing is locked."""

    code = "publishing_locked"
    message = "Publishing of this source is locked. Whoever manages the source can unlock it."

    @classmethod
    def because_of(cls, reason: str | None) -> PublishingLockedError:
        """Make the error that tells the reason, if one was given."""
        if reason is None:
            return cls()
        return cls(f"Publishing of this source is locked: {reason} (Whoever manages the source can unlock it.)")


class ErasureInProgressError(ConflictError):
    """Raised when an erasure or a restore of a generation meets an erasure of the source that is open."""

    code = "erasure_in_progress"
    message = "An erasure of this source is in progress. Retry when it is completed."


class StaleCursorError(ConflictError):
    """Raised when what is searched has changed since a cursor was made: its next results are in no order with these."""

    code = "stale_cursor"
    message = "What is searched has changed since this cursor was made. Search again without it."


class StaleListError(StaleCursorError):
    """Raised when a list that began in the current generation goes on, and that generation is not kept any more."""

    message = "The generation that this list began in is not kept any more. Begin the list again without the cursor."


class PreconditionFailedError(ConflictError):
    """Raised when what is to be changed is not what the write wants to find; `revision` is what it is, if anything."""

    code = "precondition_failed"
    message = "What is there is not what the condition names. Read it anew, then decide again."

    def __init__(self, message: str | None = None, *, revision: str | None = None) -> None:
        super().__init__(message)
        self.revision = revision


class TransientApplyError(ConflictError):
    """The root of the refusals that a retry of the same apply resolves."""

    code = "apply_conflict"


class ApplyInProgressError(TransientApplyError):
    """Raised when another apply of this source holds the lease."""

    code = "apply_in_progress"
    message = "Another apply of this source is in progress. Retry the apply shortly."


class StaleBaseError(TransientApplyError):
    """Raised when another generation was published since the run was planned."""

    code = "stale_base"
    message = "Another generation was published since this run was planned. The run was planned again: retry the apply."


class StalePlanError(TransientApplyError):
    """Raised when a plan can't be honoured any more: objects, settings or format are not what it was made with."""

    code = "stale_plan"
    message = "The plan of this run is out of date. The run was planned again: retry the apply."


class PlanVersionError(StalePlanError):
    """Raised when an apply names another plan version than the run has; planning again would not help."""

    message = "The run has another plan version now. Review its changes, then apply that version."


class LeaseLostError(TransientApplyError):
    """Raised when the lease of an apply expired and was taken over before it published."""

    code = "lease_lost"
    message = "The apply took too long and lost its lease before it published. Retry the apply."


class ApplyConflictError(TransientApplyError):
    """Raised when the publishing write is refused because of any other concurrent change."""

    message = "The source was changed while the generation was being published. Retry the apply."


class BuildFailedError(KnowledgeError):
    """Raised when building a generation fails; the previous one keeps serving and the run is kept."""

    code = "build_failed"
    message = "The generation could not be built. The previous generation keeps serving; retry the apply."


class RunFailedError(KnowledgeError):
    """Raised when planning a run fails for good; the staging set is untouched."""

    code = "internal_error"
    message = "The run could not be planned. Nothing was changed; start a new run."


class ExportFailedError(KnowledgeError):
    """Raised when an export can't go on; nothing of it is kept."""

    code = "export_failed"
    message = "The export failed on our side. Export the generation again."


class ExportKeyEndedError(ExportFailedError):
    """Raised when the key that asked for an export may not read the items any more."""

    code = "export_key_ended"


class ImportFailedError(KnowledgeError):
    """Raised when an import can't go on: its file is gone, changed or damaged, or it lost its turn."""

    code = "import_failed"
    message = "The import could not be carried on. What it staged stays; start a new import with the same file."


class ImportTooLargeError(ImportFailedError):
    """Raised when a file has too many lines, inflates to too much, or to so many times its size that it is no file."""

    code = "import_too_large"
    message = "The file is too large for one import. Split it into several ones."


class ImportRejectedError(ImportFailedError):
    """Raised when more lines of a file are bad than its import was asked to stand."""

    code = "too_many_rejected"
    message = "More lines are bad than maxRejected allows. Mend them, then start a new import."


class ImportKeyEndedError(ImportFailedError):
    """Raised when the key that asked for an import may not import any more."""

    code = "import_key_ended"
    message = "The key that asked for this import may not import any more. What it staged stays."


class StagingConflictError(KnowledgeError):
    """Raised when the rows of a write keep being changed by others; a retry finishes the work."""

    code = "unavailable"
    message = "The items are being changed by other requests. Retry the request shortly."


class ServiceUnavailableError(KnowledgeError):
    """Raised when a service under the lifecycle throttles or cannot be reached; a retry finishes the work."""

    code = "unavailable"
    message = "The service is busy. Retry the request shortly."


class SettlingUnfinishedError(ServiceUnavailableError):
    """Raised when the clean-up after a publication has more to do than fits into a call; the next one goes on."""

    message = "The source is still being tidied up after its last publication. Retry the request shortly."


class ProviderFailedError(ServiceUnavailableError):
    """Raised when a provider of answers gives none; `reason` is one of `answering.model.ProviderFailure`."""

    message = "The question could not be answered. Ask it again shortly."

    def __init__(self, message: str | None = None, *, reason: str = "unavailable") -> None:
        super().__init__(message)
        self.reason = reason


class EmptySnapshotError(KnowledgeError):
    """Raised when a snapshot without items is to be completed and nobody said that this is meant."""

    code = "validation_error"
    message = "The snapshot names no items, so it would remove everything. Send allowEmpty: true if that is meant."


class InvalidPositionError(KnowledgeError):
    """Raised when a position in a list is not one that this list gave out."""

    code = "validation_error"
    message = "The cursor is not one that this list returned."


class InvalidSearchError(KnowledgeError):
    """Raised when a query or a filter asks for what can't be looked for; the message says what."""

    code = "validation_error"
    message = "The search asks for what cannot be looked for."


class IndexTooLargeError(KnowledgeError):
    """Raised when what is to be searched is larger than a process can hold; publishing goes on."""

    code = "index_too_large"
    message = (
        "There is more to be searched than one search can hold. Name fewer sources in sourceIds; "
        "a source that is too large by itself must be split."
    )


class IndexUpgradingError(KnowledgeError):
    """Raised while the segments of a source are built anew, in the format of today."""

    code = "index_upgrading"
    message = "What is searched is being built anew. Retry the request later."


class IndexDamagedError(KnowledgeError):
    """Raised when what is searched is missing, damaged or not the source's; nothing is answered from it.

    `source_id` and `key` tell an operator where; `source_id` is None when it is not known.
    """

    code = "index_damaged"
    message = "What is searched is damaged, so nothing is answered. The operator has been told."

    def __init__(self, message: str | None = None, *, source_id: str | None = None, key: str | None = None) -> None:
        super().__init__(message)
        self.source_id = source_id
        self.key = key
