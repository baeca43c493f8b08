"""What the API takes and answers, as types. Made from openapi.yaml by `make reference`: edit that, not this.

A field that need not be there is `NotRequired`; one that may be null says so. An answer may hold more than this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

QuestionKind = Literal["question", "search"]

QuestionStatus = Literal["answered", "not_found", "found", "no_results"]

Scope = Literal[
    "keys:manage",
    "sources:read",
    "sources:write",
    "items:read",
    "items:write",
    "runs:read",
    "runs:write",
    "runs:apply",
    "search:read",
    "answers:read",
    "answers:manage",
    "webhooks:manage",
    "audit:read",
    "content:erase",
]

Role = Literal["owner", "developer", "editor", "viewer"]

AuditKind = Literal[
    "source.created",
    "source.updated",
    "source.archived",
    "source.restored",
    "source.deleted",
    "import.created",
    "import.cancelled",
    "export.created",
    "run.created",
    "run.applied",
    "run.discarded",
    "generation.restored",
    "erasure.created",
    "question.deleted",
    "webhook.created",
    "webhook.updated",
    "webhook.deleted",
    "webhook.secret_rotated",
    "key.created",
    "key.updated",
    "key.rotated",
    "key.revoked",
    "session.created",
    "session.link_created",
    "session.ended",
]

PushResult = Literal["created", "updated", "unchanged", "removed", "stale"]


class AnswerRequestFilter(TypedDict):
    """What items must have to be answered from, all of it, at most 50 terms."""

    tags: NotRequired[list[str]]
    language: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]


class AnswerRequest(TypedDict):
    """What the API calls `AnswerRequest`."""

    question: str
    sourceIds: NotRequired[list[str] | None]
    filter: NotRequired[AnswerRequestFilter | None]
    language: NotRequired[str | None]


class AnswerResponse(TypedDict):
    """What the API calls `AnswerResponse`."""

    id: str
    status: Literal["answered", "not_found"]
    provider: str
    answer: str | None
    citations: list[Citation]
    generations: dict[str, str]
    feedback: bool


class Citation(TypedDict):
    """Words of an item as people read it, letter by letter."""

    n: int
    sourceId: str
    externalItemId: str
    title: str
    url: str | None
    quote: str
    start: int
    end: int


class AssistantMessage(TypedDict):
    """A request of JSON-RPC 2.0, or a notification, which has no id."""

    jsonrpc: Literal["2.0"]
    id: NotRequired[Any]
    method: str
    params: NotRequired[dict[str, Any]]


class AssistantReply(TypedDict):
    """The reply to a request, with a result or an error."""

    jsonrpc: Literal["2.0"]
    id: Any
    result: NotRequired[dict[str, Any]]
    error: NotRequired[AssistantError]


class AssistantRefusal(TypedDict):
    """Why a message is refused."""

    jsonrpc: Literal["2.0"]
    id: Any
    error: AssistantError


class AssistantBadRequest(TypedDict):
    """Why a message is refused, or, without `jsonrpc`, why the request is."""

    jsonrpc: NotRequired[Literal["2.0"]]
    id: NotRequired[Any]
    error: Any
    code: NotRequired[str]
    details: NotRequired[list[Fault]]


class AssistantErrorData(TypedDict):
    """What the API calls `AssistantErrorData`."""

    code: str
    supported: NotRequired[list[str]]
    requested: NotRequired[Any]


class AssistantError(TypedDict):
    """An error of JSON-RPC 2.0."""

    code: int
    message: str
    data: AssistantErrorData


class SearchRequestFilter(TypedDict):
    """What results must have, all of it, at most 50 terms."""

    tags: NotRequired[list[str]]
    language: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]


class SearchRequest(TypedDict):
    """What the API calls `SearchRequest`."""

    query: str
    sourceIds: NotRequired[list[str] | None]
    filter: NotRequired[SearchRequestFilter | None]
    limit: NotRequired[int]
    cursor: NotRequired[str | None]
    prefix: NotRequired[bool]
    runId: NotRequired[str | None]


class SearchResultHighlights(TypedDict):
    """Where the words that were asked for stand."""

    title: list[SearchHighlight]
    snippet: list[SearchHighlight]


class SearchResult(TypedDict):
    """What the API calls `SearchResult`."""

    sourceId: str
    externalItemId: str
    title: str
    url: str | None
    snippet: str
    highlights: SearchResultHighlights
    score: float


class SearchPage(TypedDict):
    """What the API calls `SearchPage`."""

    results: list[SearchResult]
    generations: dict[str, str]
    baseGenerationId: NotRequired[str | None]
    planVersion: NotRequired[int]
    nextCursor: str | None


class QuestionCited(TypedDict):
    """What the API calls `QuestionCited`."""

    sourceId: str
    externalItemId: str


class Question(TypedDict):
    """Something that was asked."""

    id: str
    kind: QuestionKind
    text: str
    status: QuestionStatus
    sourceIds: list[str]
    hits: int | None
    cited: list[QuestionCited]
    feedback: Feedback | None
    askedAt: str
    expiresAt: str


class QuestionPage(TypedDict):
    """What the API calls `QuestionPage`."""

    questions: list[Question]
    nextCursor: str | None


class DeletedQuestionResponseQuestion(TypedDict):
    """What the API calls `DeletedQuestionResponseQuestion`."""

    id: str


class DeletedQuestionResponse(TypedDict):
    """What the API calls `DeletedQuestionResponse`."""

    question: DeletedQuestionResponseQuestion


class Feedback(TypedDict):
    """What the asker thinks of an answer."""

    helpful: bool
    comment: str | None
    givenAt: str


class StoredFeedbackResponse(TypedDict):
    """What the API calls `StoredFeedbackResponse`."""

    feedback: Feedback | None


class FeedbackRequest(TypedDict):
    """What the API calls `FeedbackRequest`."""

    helpful: bool
    comment: NotRequired[str | None]


class UnansweredGroup(TypedDict):
    """What asks the same and found nothing."""

    text: str
    form: str
    count: int
    kinds: dict[str, int]
    sourceIds: list[str]
    firstAskedAt: str
    lastAskedAt: str


class UnansweredPage(TypedDict):
    """What the API calls `UnansweredPage`."""

    unanswered: list[UnansweredGroup]
    groups: int
    since: str
    complete: bool
    nextCursor: str | None


class SearchHighlight(TypedDict):
    """A place in a text, in characters (Unicode code points)."""

    start: int
    end: int


class Error(TypedDict):
    """What the API calls `Error`."""

    error: str
    code: Literal[
        "validation_error",
        "invalid_json",
        "invalid_body",
        "unauthorized",
        "invalid_key",
        "key_expired",
        "key_revoked",
        "key_disabled",
        "key_suspended",
        "session_ended",
        "link_used",
        "insufficient_scope",
        "browser_key_not_allowed",
        "origin_not_allowed",
        "not_found",
        "method_not_allowed",
        "idempotency_conflict",
        "idempotency_in_progress",
        "source_inactive",
        "source_active",
        "stale_version",
        "precondition_failed",
        "run_discarded",
        "run_published",
        "not_apply_eligible",
        "removal_guard",
        "publishing_locked",
        "erasure_in_progress",
        "run_in_progress",
        "apply_in_progress",
        "stale_cursor",
        "stale_base",
        "stale_plan",
        "lease_lost",
        "apply_conflict",
        "snapshot_open",
        "snapshot_closed",
        "snapshot_incomplete",
        "source_limit",
        "import_limit",
        "import_ended",
        "import_failed",
        "import_too_large",
        "too_many_rejected",
        "import_key_ended",
        "export_limit",
        "export_failed",
        "export_key_ended",
        "session_limit",
        "last_admin_key",
        "key_inactive",
        "key_rotated",
        "webhook_limit",
        "webhook_disabled",
        "webhook_changed",
        "payload_too_large",
        "unsupported_media_type",
        "rate_limited",
        "request_budget",
        "answer_budget",
        "internal_error",
        "build_failed",
        "unavailable",
        "index_too_large",
        "index_upgrading",
        "index_damaged",
        "timeout",
    ]
    details: NotRequired[list[Fault]]


class Fault(TypedDict):
    """What the API calls `Fault`."""

    index: NotRequired[int]
    externalItemId: NotRequired[str | None]
    path: str
    message: str


class Key(TypedDict):
    """What the API calls `Key`."""

    id: str
    name: str
    description: str | None
    kind: NotRequired[Literal["secret", "browser"]]
    environment: Literal["live", "test"]
    status: Literal["active", "disabled", "expired", "revoked"]
    scopes: list[Scope]
    sourceIds: list[str] | None
    allowedOrigins: NotRequired[list[str] | None]
    rateLimitPerMinute: int
    addressLimitPerMinute: NotRequired[int | None]
    requestsPerDay: NotRequired[int | None]
    answersPerDay: NotRequired[int | None]
    createdBy: NotRequired[Author | None]
    createdAt: str
    expiresAt: str | None
    enabled: bool
    disabledAt: str | None
    rotatedFrom: str | None
    rotatedTo: str | None
    revokedAt: str | None
    lastUsedAt: str | None


class NewKeyResponse(TypedDict):
    """What the API calls `NewKeyResponse`."""

    key: Key
    secret: str


class KeyPage(TypedDict):
    """What the API calls `KeyPage`."""

    keys: list[Key]
    nextCursor: str | None


class KeyResponse(TypedDict):
    """What the API calls `KeyResponse`."""

    key: Key


class RotatedKeyResponse(TypedDict):
    """What the API calls `RotatedKeyResponse`."""

    key: Key
    secret: str
    previousKey: Key


class CreateSessionRequest(TypedDict):
    """What is left out is as the key has it."""

    name: NotRequired[str | None]
    role: NotRequired[Literal["owner", "developer", "editor", "viewer"] | None]
    scopes: NotRequired[list[Scope] | None]
    sourceIds: NotRequired[list[str] | None]
    expiresInSeconds: NotRequired[int]


class PortalSession(TypedDict):
    """What the API calls `PortalSession`."""

    id: str
    name: str
    keyId: str
    role: Literal["owner", "developer", "editor", "viewer"] | None
    environment: Literal["live", "test"]
    scopes: list[Scope]
    sourceIds: list[str] | None
    createdAt: str
    expiresAt: str
    lastUsedAt: str | None
    endedAt: str | None


class NewSessionResponse(TypedDict):
    """What the API calls `NewSessionResponse`."""

    session: PortalSession
    secret: str


class SessionPage(TypedDict):
    """What the API calls `SessionPage`."""

    sessions: list[PortalSession]
    nextCursor: str | None


class SessionResponse(TypedDict):
    """What the API calls `SessionResponse`."""

    session: PortalSession


class CreateSignInLinkRequest(TypedDict):
    """What the session is to be."""

    name: NotRequired[str | None]
    role: NotRequired[Literal["owner", "developer", "editor", "viewer"] | None]
    scopes: NotRequired[list[Scope] | None]
    sourceIds: NotRequired[list[str] | None]
    expiresInSeconds: NotRequired[int]


class SignInLink(TypedDict):
    """What the API calls `SignInLink`."""

    id: str
    name: str
    keyId: str
    role: Literal["owner", "developer", "editor", "viewer"] | None
    environment: Literal["live", "test"]
    scopes: list[Scope]
    sourceIds: list[str] | None
    createdAt: str
    expiresAt: str
    sessionExpiresInSeconds: int


class SignInLinkResponse(TypedDict):
    """What the API calls `SignInLinkResponse`."""

    link: SignInLink
    code: str


class CallerResponse(TypedDict):
    """What the API calls `CallerResponse`."""

    tenantId: str
    key: Key
    session: NotRequired[PortalSession]


class CreateKeyRequest(TypedDict):
    """A key of the kind `browser` is for web pages."""

    name: str
    description: NotRequired[str | None]
    kind: NotRequired[Literal["secret", "browser"]]
    scopes: NotRequired[list[Scope] | None]
    sourceIds: NotRequired[list[str] | None]
    allowedOrigins: NotRequired[list[str] | None]
    rateLimitPerMinute: NotRequired[int]
    addressLimitPerMinute: NotRequired[int | None]
    requestsPerDay: NotRequired[int | None]
    answersPerDay: NotRequired[int | None]
    expiresAt: NotRequired[str | None]
    environment: NotRequired[Literal["live", "test"]]


class UpdateKeyRequest(TypedDict):
    """What the API calls `UpdateKeyRequest`."""

    name: NotRequired[str]
    description: NotRequired[str | None]
    scopes: NotRequired[list[Scope]]
    sourceIds: NotRequired[list[str] | None]
    allowedOrigins: NotRequired[list[str]]
    rateLimitPerMinute: NotRequired[int]
    addressLimitPerMinute: NotRequired[int]
    requestsPerDay: NotRequired[int | None]
    answersPerDay: NotRequired[int | None]
    expiresAt: NotRequired[str | None]
    enabled: NotRequired[bool]


class IdentifyKeyRequest(TypedDict):
    """What the API calls `IdentifyKeyRequest`."""

    secret: str


class RotateKeyRequest(TypedDict):
    """What the API calls `RotateKeyRequest`."""

    overlapSeconds: NotRequired[int]


class KeyUsageDays(TypedDict):
    """What the API calls `KeyUsageDays`."""

    day: str
    requests: int
    answers: int


class KeyUsage(TypedDict):
    """What the API calls `KeyUsage`."""

    keyId: str
    name: str
    requests: int
    answers: int
    days: list[KeyUsageDays]


class UsagePageServed(TypedDict):
    """What the API calls `UsagePageServed`."""

    sources: int
    items: int
    contentBytes: int


class UsagePage(TypedDict):
    """What the API calls `UsagePage`."""

    served: UsagePageServed
    keys: list[KeyUsage]
    nextCursor: str | None


class AuditEntry(TypedDict):
    """What the API calls `AuditEntry`."""

    id: str
    at: str
    kind: AuditKind
    by: Author | None
    address: str | None
    userAgent: str | None
    requestId: str
    subject: dict[str, str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    message: str | None


class AuditPage(TypedDict):
    """What the API calls `AuditPage`."""

    entries: list[AuditEntry]
    nextCursor: str | None


class Author(TypedDict):
    """The key that made it, and the name that the key had then."""

    keyId: str
    name: str
    sessionId: NotRequired[str]


class SourceRemovalGuard(TypedDict):
    """What the API calls `SourceRemovalGuard`."""

    maxPercent: float | None
    maxItems: int | None


class Source(TypedDict):
    """What the API calls `Source`."""

    id: str
    type: Literal["developer_api"]
    name: str
    label: NotRequired[str | None]
    environment: Literal["live", "test"]
    status: Literal["active", "archived", "deleting"]
    graceDays: int
    removalGuard: SourceRemovalGuard | None
    serving: NotRequired[Literal["on", "off"]]
    titleWeight: NotRequired[float]
    defaultLanguage: NotRequired[str | None]
    synonymGroups: NotRequired[int]
    questionLog: NotRequired[Literal["on", "off"]]
    publishing: NotRequired[Literal["open", "locked"]]
    publishLock: NotRequired[PublishLock | None]
    synonyms: NotRequired[list[list[str]]]
    generationId: str | None
    sequence: int
    servedItems: NotRequired[int]
    servedBytes: NotRequired[int]
    lastPublishedAt: NotRequired[str | None]
    stagedItems: NotRequired[int | None]
    pendingChanges: NotRequired[int | None]
    pendingChangesMore: NotRequired[bool]
    oldestUnappliedAt: NotRequired[str | None]
    createdAt: str
    createdBy: NotRequired[Author | None]
    updatedAt: str


class PublishLock(TypedDict):
    """Why and since when nothing can be published from a source, and by whose key."""

    reason: str | None
    lockedAt: str
    lockedBy: Author | None


class SourceResponse(TypedDict):
    """What the API calls `SourceResponse`."""

    source: Source


class SourcePage(TypedDict):
    """What the API calls `SourcePage`."""

    sources: list[Source]
    nextCursor: str | None


class CreateSourceRequestRemovalGuard(TypedDict):
    """How many items one run may drop without `approveRemovals`."""

    maxPercent: NotRequired[float | None]
    maxItems: NotRequired[int | None]


class CreateSourceRequest(TypedDict):
    """What the API calls `CreateSourceRequest`."""

    name: str
    label: NotRequired[str | None]
    graceDays: NotRequired[int]
    removalGuard: NotRequired[CreateSourceRequestRemovalGuard | None]
    serving: NotRequired[Literal["on", "off"]]
    titleWeight: NotRequired[float]
    defaultLanguage: NotRequired[str | None]
    synonyms: NotRequired[list[list[str]]]
    questionLog: NotRequired[Literal["on", "off"]]


class DeleteSourceRequest(TypedDict):
    """What the API calls `DeleteSourceRequest`."""

    message: NotRequired[str | None]


class UpdateSourceRequestRemovalGuard(TypedDict):
    """How many items one run may drop without `approveRemovals`."""

    maxPercent: NotRequired[float | None]
    maxItems: NotRequired[int | None]


class UpdateSourceRequest(TypedDict):
    """What is absent stays."""

    name: NotRequired[str | None]
    graceDays: NotRequired[int | None]
    removalGuard: NotRequired[UpdateSourceRequestRemovalGuard | None]
    serving: NotRequired[Literal["on", "off"]]
    titleWeight: NotRequired[float]
    defaultLanguage: NotRequired[str | None]
    synonyms: NotRequired[list[list[str]]]
    questionLog: NotRequired[Literal["on", "off"]]
    publishing: NotRequired[Literal["open", "locked"]]
    reason: NotRequired[str]


class ItemInput(TypedDict):
    """What the API calls `ItemInput`."""

    externalItemId: str
    title: str
    content: str
    contentType: NotRequired[Literal["text/plain", "text/markdown", "text/html"]]
    url: NotRequired[str | None]
    language: NotRequired[str | None]
    tags: NotRequired[list[str] | None]
    metadata: NotRequired[dict[str, Any] | None]
    sourceVersion: NotRequired[int | None]


class RemovalInput(TypedDict):
    """What the API calls `RemovalInput`."""

    externalItemId: str
    sourceVersion: NotRequired[int | None]


class BatchRequest(TypedDict):
    """At most 5 000 items and removals together, each id once."""

    items: NotRequired[list[ItemInput] | None]
    removals: NotRequired[list[RemovalInput] | None]


class Item(TypedDict):
    """What the API calls `Item`."""

    externalItemId: str
    state: Literal["active", "removed", "tombstoned"]
    title: str
    contentType: Literal["text/plain", "text/markdown", "text/html"]
    url: str | None
    language: str | None
    tags: list[str]
    metadata: dict[str, Any] | None
    sourceVersion: int | None
    contentHash: str
    contentBytes: int
    createdAt: str
    updatedAt: str
    updatedByKeyId: NotRequired[str | None]
    removedAt: str | None
    tombstoneDueAt: str | None
    tombstonedAt: str | None
    content: NotRequired[str]
    contentUrl: NotRequired[str]


class ItemPage(TypedDict):
    """What the API calls `ItemPage`."""

    items: list[Item]
    nextCursor: str | None


class ItemResponse(TypedDict):
    """What the API calls `ItemResponse`."""

    item: Item


class WrittenItem(TypedDict):
    """An item after a write."""

    externalItemId: str
    state: Literal["active", "removed", "tombstoned"]
    title: NotRequired[str]
    contentType: NotRequired[Literal["text/plain", "text/markdown", "text/html"]]
    url: NotRequired[str | None]
    language: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any] | None]
    sourceVersion: NotRequired[int | None]
    contentHash: NotRequired[str]
    contentBytes: NotRequired[int]
    createdAt: NotRequired[str]
    updatedAt: NotRequired[str]
    updatedByKeyId: NotRequired[str | None]
    removedAt: str | None
    tombstoneDueAt: str | None
    tombstonedAt: str | None


class PushResponse(TypedDict):
    """What the API calls `PushResponse`."""

    item: WrittenItem
    result: Literal["created", "updated", "unchanged"]


class WrittenItemResponse(TypedDict):
    """What the API calls `WrittenItemResponse`."""

    item: WrittenItem


class BatchCounts(TypedDict):
    """What the API calls `BatchCounts`."""

    created: int
    updated: int
    unchanged: int
    removed: int
    stale: int


class ReplacedItemsResponse(TypedDict):
    """What the API calls `ReplacedItemsResponse`."""

    counts: BatchCounts


class ItemResult(TypedDict):
    """What the API calls `ItemResult`."""

    externalItemId: str
    result: PushResult


class BatchResponse(TypedDict):
    """What the API calls `BatchResponse`."""

    counts: BatchCounts
    results: list[ItemResult]


class SnapshotRequest(TypedDict):
    """The whole staging set."""

    items: list[ItemInput] | None
    allowEmpty: NotRequired[bool]


class SnapshotPartRequest(TypedDict):
    """At most 5 000 items, each id once."""

    items: list[ItemInput] | None


class CompleteSnapshotRequest(TypedDict):
    """What the API calls `CompleteSnapshotRequest`."""

    allowEmpty: NotRequired[bool]
    allowGaps: NotRequired[bool]
    parts: NotRequired[int | None]
    items: NotRequired[int | None]


class SnapshotPart(TypedDict):
    """What the API calls `SnapshotPart`."""

    partNumber: int
    items: int


class SnapshotPartResponse(TypedDict):
    """What the API calls `SnapshotPartResponse`."""

    part: SnapshotPart
    counts: BatchCounts
    overwritten: int


class Snapshot(TypedDict):
    """What the API calls `Snapshot`."""

    id: str
    sourceId: str
    state: Literal["open", "completing", "completed", "aborted", "expired"]
    parts: int
    items: int
    counts: BatchCounts
    openedAt: str
    expiresAt: str
    endedAt: str | None


class SnapshotResponse(TypedDict):
    """What the API calls `SnapshotResponse`."""

    snapshot: Snapshot


class SnapshotPage(TypedDict):
    """What the API calls `SnapshotPage`."""

    snapshots: list[Snapshot]
    nextCursor: str | None


class CreateImportRequest(TypedDict):
    """What the API calls `CreateImportRequest`."""

    mode: Literal["upsert", "snapshot"]
    apply: NotRequired[bool]
    format: NotRequired[Literal["ndjson", "ndjson.gz"]]
    maxRejected: NotRequired[int | None]
    message: NotRequired[str | None]


class Upload(TypedDict):
    """The one request that brings the file."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expiresAt: str


class ImportReport(TypedDict):
    """What was wrong with bad lines, as NDJSON."""

    faults: int
    faultsLeftOut: int
    url: str | None


class ImportError(TypedDict):
    """What ended a `failed` import."""

    code: str
    message: str


class Import(TypedDict):
    """What the API calls `Import`."""

    id: str
    sourceId: str
    state: Literal[
        "awaiting_upload",
        "expired",
        "queued",
        "staging",
        "planning",
        "applying",
        "completed",
        "completed_with_errors",
        "failed",
        "cancelled",
    ]
    mode: Literal["upsert", "snapshot"]
    apply: bool
    format: Literal["ndjson", "ndjson.gz"]
    maxRejected: NotRequired[int]
    message: NotRequired[str | None]
    createdBy: NotRequired[Author | None]
    linesRead: int
    bytesRead: int
    bytesTotal: int | None
    counts: ImportCounts
    removalsSkipped: bool
    report: ImportReport | None
    runId: str | None
    generationId: str | None
    error: ImportError | None
    createdAt: str
    startedAt: str | None
    endedAt: str | None


NewImportResponse = TypedDict(
    "NewImportResponse",
    {
        "import": "Import",
        "upload": "Upload",
    },
)


class ImportPage(TypedDict):
    """What the API calls `ImportPage`."""

    imports: list[Import]
    nextCursor: str | None


class ImportCounts(TypedDict):
    """What the lines came to."""

    created: int
    updated: int
    unchanged: int
    removed: int
    stale: int
    rejected: int


ImportResponse = TypedDict(
    "ImportResponse",
    {
        "import": "Import",
    },
)


class CreateRunRequest(TypedDict):
    """What the API calls `CreateRunRequest`."""

    message: NotRequired[str | None]
    mode: NotRequired[Literal["incremental", "full"]]


class Counts(TypedDict):
    """`total` is what is served afterwards."""

    added: int
    updated: int
    removed: int
    restored: int
    tombstoned: int
    unchanged: int
    total: int


class RunCounts(TypedDict):
    """What the API calls `RunCounts`."""

    added: int
    updated: int
    removed: int
    restored: int
    tombstoned: int
    unchanged: int
    total: int


class RunLastError(TypedDict):
    """What the API calls `RunLastError`."""

    code: str
    message: str
    at: str


class Run(TypedDict):
    """What the API calls `Run`."""

    id: str
    sourceId: str
    mode: Literal["incremental", "full"]
    state: Literal["planning", "ready", "applying", "published", "failed", "expired", "discarded"]
    planVersion: int
    baseGenerationId: str | None
    discovery: Literal["complete", "incomplete"] | None
    applyEligible: bool
    reason: NotRequired[str]
    counts: RunCounts | None
    generationId: str | None
    lastError: RunLastError | None
    createdAt: str
    createdBy: NotRequired[Author | None]
    message: NotRequired[str | None]
    writers: NotRequired[list[str] | None]
    erasedCount: int
    updatedAt: str
    expiresAt: str | None


class RunResponse(TypedDict):
    """What the API calls `RunResponse`."""

    run: Run


class RunPage(TypedDict):
    """What the API calls `RunPage`."""

    runs: list[Run]
    nextCursor: str | None


class RunChange(TypedDict):
    """What the API calls `RunChange`."""

    externalItemId: str
    change: Literal["added", "updated", "removed", "restored", "tombstoned"]
    title: str
    contentHash: str
    previousContentHash: str | None
    removedAt: str | None
    fields: list[str]
    since: NotRequired[Literal["new", "changed", "gone"]]
    before: NotRequired[ItemEdition]
    after: NotRequired[ItemEdition]


class RunChangePage(TypedDict):
    """What the API calls `RunChangePage`."""

    changes: list[RunChange]
    nextCursor: str | None
    erasedCount: int
    planVersion: int


class ItemEdition(TypedDict):
    """The fields in which the two sides of a change differ, on one side."""

    title: NotRequired[str]
    content: NotRequired[str]
    contentBytes: NotRequired[int]
    contentUrl: NotRequired[str]
    contentType: NotRequired[str]
    url: NotRequired[str | None]
    language: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any] | None]
    removedAt: NotRequired[str | None]


class GenerationChange(TypedDict):
    """What the API calls `GenerationChange`."""

    externalItemId: str
    change: Literal["added", "updated", "removed", "restored", "tombstoned"]
    title: str
    contentHash: str
    previousContentHash: str | None
    removedAt: str | None
    fields: list[str]
    contentBytes: NotRequired[int]
    content: NotRequired[str]
    contentUrl: NotRequired[str]
    contentType: NotRequired[str]
    url: NotRequired[str | None]
    language: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any] | None]
    before: NotRequired[ItemEdition]
    after: NotRequired[ItemEdition]


class GenerationChangePage(TypedDict):
    """What the API calls `GenerationChangePage`."""

    generationId: str
    fromGenerationId: str | None
    changes: list[GenerationChange]
    nextCursor: str | None
    erasedCount: int


class DiscardRunRequest(TypedDict):
    """What the API calls `DiscardRunRequest`."""

    message: NotRequired[str | None]


class ApplyRunRequest(TypedDict):
    """What the API calls `ApplyRunRequest`."""

    message: NotRequired[str | None]
    approveRemovals: NotRequired[int | None]
    planVersion: NotRequired[int | None]


class CreateErasureRequest(TypedDict):
    """What the API calls `CreateErasureRequest`."""

    externalItemIds: list[str]
    message: NotRequired[str | None]


class ErasureCounts(TypedDict):
    """What the API calls `ErasureCounts`."""

    rows: int
    copiedObjects: int
    rewrittenGenerations: int
    runs: int
    deletedVersions: int


class ErasureRemains(TypedDict):
    """What the erasure does not reach, and until when."""

    backupsUntil: str | None


class Erasure(TypedDict):
    """The receipt of an erasure."""

    id: str
    sourceId: str
    state: Literal["opening", "rewriting", "waiting", "sweeping", "completed"]
    items: int
    generationId: str | None
    counts: ErasureCounts
    openedAt: str
    clearedAt: str | None
    rewrittenAt: str | None
    waitsUntil: str | None
    completedAt: str | None
    remains: ErasureRemains
    createdBy: Author | None
    message: str | None


class ErasureResponse(TypedDict):
    """What the API calls `ErasureResponse`."""

    erasure: Erasure


class ErasurePage(TypedDict):
    """What the API calls `ErasurePage`."""

    erasures: list[Erasure]
    nextCursor: str | None


class CreateExportRequest(TypedDict):
    """What the API calls `CreateExportRequest`."""

    message: NotRequired[str | None]


class ExportFile(TypedDict):
    """Where the file is, once the export is completed, where one export is read."""

    url: str
    expiresAt: str


class ExportError(TypedDict):
    """What ended a `failed` export."""

    code: str
    message: str


class Export(TypedDict):
    """What the API calls `Export`."""

    id: str
    sourceId: str
    generationId: str
    state: Literal["writing", "completed", "failed", "expired"]
    rootHash: str
    itemsTotal: int
    itemsWritten: int
    bytes: int
    inflatedBytes: int
    message: str | None
    createdBy: Author | None
    file: ExportFile | None
    error: ExportError | None
    createdAt: str
    endedAt: str | None
    expiresAt: str | None


class ExportResponse(TypedDict):
    """What the API calls `ExportResponse`."""

    export: Export


class ExportPage(TypedDict):
    """What the API calls `ExportPage`."""

    exports: list[Export]
    nextCursor: str | None


class RestoreGenerationRequest(TypedDict):
    """What the API calls `RestoreGenerationRequest`."""

    message: NotRequired[str | None]


class Generation(TypedDict):
    """What the API calls `Generation`."""

    id: str
    sourceId: str
    sequence: int
    baseGenerationId: str | None
    origin: Literal["run", "restore", "compaction", "erasure"]
    runId: str | None
    restoredFrom: str | None
    rootHash: str
    counts: Counts
    contentBytes: int
    createdBy: NotRequired[Author | None]
    message: NotRequired[str | None]
    erasedCount: int
    publishedAt: str
    retiredAt: str | None


class PublishedResponse(TypedDict):
    """What the API calls `PublishedResponse`."""

    status: Literal["published"]
    generationId: str
    counts: Counts


class GenerationPage(TypedDict):
    """What the API calls `GenerationPage`."""

    generations: list[Generation]
    nextCursor: str | None


class GenerationResponse(TypedDict):
    """What the API calls `GenerationResponse`."""

    generation: Generation


class HistoryGeneration(TypedDict):
    """What the API calls `HistoryGeneration`."""

    id: str
    sequence: int
    origin: Literal["run", "restore", "compaction", "erasure"]
    publishedAt: str
    createdBy: NotRequired[Author | None]
    message: str | None


class HistoryEntry(TypedDict):
    """A generation, and how an item of it differs from the one before."""

    generation: HistoryGeneration
    externalItemId: str
    change: Literal["added", "updated", "removed", "restored", "tombstoned"]
    title: str
    contentHash: str
    previousContentHash: str | None
    removedAt: str | None
    fields: list[str]


class ItemHistoryPage(TypedDict):
    """What the API calls `ItemHistoryPage`."""

    externalItemId: str
    history: list[HistoryEntry]
    nextCursor: str | None
    earlier: bool
    erasedAt: str | None


class GenerationItem(TypedDict):
    """What the API calls `GenerationItem`."""

    externalItemId: str
    title: str
    contentHash: str
    contentBytes: int
    removedAt: str | None
    content: NotRequired[str]
    contentUrl: NotRequired[str]
    contentType: NotRequired[str]
    url: NotRequired[str | None]
    language: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any] | None]


class GenerationItemResponse(TypedDict):
    """What the API calls `GenerationItemResponse`."""

    generationId: str
    item: GenerationItem


class GenerationItemPage(TypedDict):
    """What the API calls `GenerationItemPage`."""

    generationId: str
    items: list[GenerationItem]
    nextCursor: str | None
    erasedCount: int


class WebhookDisabled(TypedDict):
    """Why it is disabled."""

    reason: Literal["by_tenant", "gone", "failing"]
    at: str


class Webhook(TypedDict):
    """What the API calls `Webhook`."""

    id: str
    url: str
    environment: Literal["live", "test"]
    description: str | None
    events: list[str] | None
    sourceIds: list[str] | None
    enabled: bool
    disabled: WebhookDisabled | None
    failingSince: str | None
    previousSecretExpiresAt: str | None
    createdBy: NotRequired[Author | None]
    createdAt: str
    updatedAt: str


class WebhookSecretResponse(TypedDict):
    """What the API calls `WebhookSecretResponse`."""

    webhook: Webhook
    secret: str


class WebhookPage(TypedDict):
    """What the API calls `WebhookPage`."""

    webhooks: list[Webhook]
    nextCursor: str | None


class WebhookResponse(TypedDict):
    """What the API calls `WebhookResponse`."""

    webhook: Webhook


class CreateWebhookRequest(TypedDict):
    """What the API calls `CreateWebhookRequest`."""

    url: str
    description: NotRequired[str | None]
    events: NotRequired[
        list[
            Literal[
                "run.ready",
                "run.failed",
                "generation.published",
                "erasure.completed",
                "import.completed",
                "import.failed",
                "export.completed",
                "export.failed",
                "source.archived",
                "source.deleted",
                "key.created",
                "key.expiring",
                "key.rotated",
                "key.revoked",
                "budget.reached",
                "webhook.disabled",
            ]
        ]
        | None
    ]
    sourceIds: NotRequired[list[str] | None]
    enabled: NotRequired[bool]


class UpdateWebhookRequest(TypedDict):
    """What the API calls `UpdateWebhookRequest`."""

    url: NotRequired[str]
    description: NotRequired[str | None]
    events: NotRequired[
        list[
            Literal[
                "run.ready",
                "run.failed",
                "generation.published",
                "erasure.completed",
                "import.completed",
                "import.failed",
                "export.completed",
                "export.failed",
                "source.archived",
                "source.deleted",
                "key.created",
                "key.expiring",
                "key.rotated",
                "key.revoked",
                "budget.reached",
                "webhook.disabled",
            ]
        ]
        | None
    ]
    sourceIds: NotRequired[list[str] | None]
    enabled: NotRequired[bool]


class RotateSecretRequest(TypedDict):
    """What the API calls `RotateSecretRequest`."""

    overlapSeconds: NotRequired[int]


class RedeliverFailedRequest(TypedDict):
    """What the API calls `RedeliverFailedRequest`."""

    since: str


class DeliveryAttempts(TypedDict):
    """What the API calls `DeliveryAttempts`."""

    at: str
    status: int | None
    latencyMilliseconds: int
    responseSnippet: str
    failure: str | None


class Delivery(TypedDict):
    """What the API calls `Delivery`."""

    id: str
    webhookId: str
    eventId: str
    eventType: str
    sourceId: str | None
    state: Literal["pending", "delivered", "failed"]
    failure: str | None
    attempts: list[DeliveryAttempts]
    nextAttemptAt: str | None
    createdAt: str


class DeliveryResponse(TypedDict):
    """What the API calls `DeliveryResponse`."""

    delivery: Delivery


class RedeliveredResponse(TypedDict):
    """What the API calls `RedeliveredResponse`."""

    redelivered: int
    more: bool


class DeliveryPage(TypedDict):
    """What the API calls `DeliveryPage`."""

    deliveries: list[Delivery]
    nextCursor: str | None


class HealthResponse(TypedDict):
    """What the API calls `HealthResponse`."""

    status: Literal["ok"]
    version: str
    reached: list[str]


class RunReadyEventData(TypedDict):
    """What the API calls `RunReadyEventData`."""

    runId: str
    planVersion: int
    discovery: Literal["complete", "incomplete"]
    counts: Counts


class RunReadyEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["run.ready"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: RunReadyEventData


class RunFailedEventData(TypedDict):
    """What the API calls `RunFailedEventData`."""

    runId: str


class RunFailedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["run.failed"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: RunFailedEventData


class GenerationPublishedEventData(TypedDict):
    """What the API calls `GenerationPublishedEventData`."""

    generationId: str
    baseGenerationId: str | None
    sequence: int
    origin: Literal["run", "restore", "compaction", "erasure"]
    runId: str | None


class GenerationPublishedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["generation.published"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: GenerationPublishedEventData


class ImportCompletedEventData(TypedDict):
    """What the API calls `ImportCompletedEventData`."""

    importId: str
    state: Literal["completed", "completed_with_errors"]
    mode: Literal["upsert", "snapshot"]
    counts: ImportCounts
    runId: str | None
    generationId: str | None


class ImportCompletedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["import.completed"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: ImportCompletedEventData


class ImportFailedEventData(TypedDict):
    """What the API calls `ImportFailedEventData`."""

    importId: str
    state: Literal["failed", "cancelled"]
    mode: Literal["upsert", "snapshot"]
    counts: ImportCounts
    runId: str | None
    generationId: str | None


class ImportFailedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["import.failed"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: ImportFailedEventData


class ExportCompletedEventData(TypedDict):
    """What the API calls `ExportCompletedEventData`."""

    exportId: str
    generationId: str
    state: Literal["completed"]
    items: int
    bytes: int


class ExportCompletedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["export.completed"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: ExportCompletedEventData


class ExportFailedEventData(TypedDict):
    """What the API calls `ExportFailedEventData`."""

    exportId: str
    generationId: str
    state: Literal["failed"]
    items: int
    bytes: int


class ExportFailedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["export.failed"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: ExportFailedEventData


class ErasureCompletedEventData(TypedDict):
    """What the API calls `ErasureCompletedEventData`."""

    erasureId: str
    items: int
    generationId: str | None
    openedAt: str


class ErasureCompletedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["erasure.completed"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: ErasureCompletedEventData


class SourceArchivedEventData(TypedDict):
    """What the API calls `SourceArchivedEventData`."""

    generationId: str | None


class SourceArchivedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["source.archived"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: SourceArchivedEventData


class SourceDeletedEventData(TypedDict):
    """What the API calls `SourceDeletedEventData`."""

    requestedAt: str


class SourceDeletedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["source.deleted"]
    timestamp: str
    tenantId: str
    sourceId: str
    data: SourceDeletedEventData


class KeyCreatedEventData(TypedDict):
    """What the API calls `KeyCreatedEventData`."""

    keyId: str


class KeyCreatedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["key.created"]
    timestamp: str
    tenantId: str
    sourceId: str | None
    data: KeyCreatedEventData


class KeyExpiringEventData(TypedDict):
    """What the API calls `KeyExpiringEventData`."""

    keyId: str
    expiresAt: str
    days: int


class KeyExpiringEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["key.expiring"]
    timestamp: str
    tenantId: str
    sourceId: str | None
    data: KeyExpiringEventData


class KeyRotatedEventData(TypedDict):
    """What the API calls `KeyRotatedEventData`."""

    keyId: str
    previousKeyId: str


class KeyRotatedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["key.rotated"]
    timestamp: str
    tenantId: str
    sourceId: str | None
    data: KeyRotatedEventData


class KeyRevokedEventData(TypedDict):
    """What the API calls `KeyRevokedEventData`."""

    keyId: str


class KeyRevokedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["key.revoked"]
    timestamp: str
    tenantId: str
    sourceId: str | None
    data: KeyRevokedEventData


class BudgetReachedEventData(TypedDict):
    """What the API calls `BudgetReachedEventData`."""

    keyId: str
    budget: Literal["requests", "answers"]
    perDay: int
    day: str


class BudgetReachedEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["budget.reached"]
    timestamp: str
    tenantId: str
    sourceId: str | None
    data: BudgetReachedEventData


class WebhookDisabledEventData(TypedDict):
    """What the API calls `WebhookDisabledEventData`."""

    webhookId: str
    reason: Literal["gone", "failing"]


class WebhookDisabledEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["webhook.disabled"]
    timestamp: str
    tenantId: str
    sourceId: str | None
    data: WebhookDisabledEventData


class WebhookTestEventData(TypedDict):
    """What the API calls `WebhookTestEventData`."""

    webhookId: str


class WebhookTestEvent(TypedDict):
    """The body of a webhook."""

    id: str
    type: Literal["webhook.test"]
    timestamp: str
    tenantId: str
    sourceId: str | None
    data: WebhookTestEventData


class ListAuditQuery(TypedDict):
    """What a listing of `list_audit` may ask for."""

    limit: NotRequired[int]
    keyId: NotRequired[str]
    kind: NotRequired[AuditKind]
    requestId: NotRequired[str]
    since: NotRequired[str]
    until: NotRequired[str]


class ListKeysQuery(TypedDict):
    """What a listing of `list_keys` may ask for."""

    status: NotRequired[Literal["active", "disabled", "expired", "revoked"]]
    sourceId: NotRequired[str]
    scope: NotRequired[Scope]
    limit: NotRequired[int]


class ListSessionsQuery(TypedDict):
    """What a listing of `list_sessions` may ask for."""

    limit: NotRequired[int]


class GetUsageQuery(TypedDict):
    """What a listing of `get_usage` may ask for."""

    limit: NotRequired[int]
    since: NotRequired[str]
    until: NotRequired[str]


class ListQuestionsQuery(TypedDict):
    """What a listing of `list_questions` may ask for."""

    limit: NotRequired[int]
    kind: NotRequired[QuestionKind]
    status: NotRequired[QuestionStatus]
    sourceId: NotRequired[str]
    feedback: NotRequired[Literal["helpful", "unhelpful"]]
    since: NotRequired[str]
    until: NotRequired[str]


class ListUnansweredQuestionsQuery(TypedDict):
    """What a listing of `list_unanswered_questions` may ask for."""

    limit: NotRequired[int]
    kind: NotRequired[QuestionKind]
    sourceId: NotRequired[str]
    since: NotRequired[str]
    until: NotRequired[str]


class ListSourcesQuery(TypedDict):
    """What a listing of `list_sources` may ask for."""

    limit: NotRequired[int]
    label: NotRequired[str]


class ListItemsQuery(TypedDict):
    """What a listing of `list_items` may ask for."""

    state: NotRequired[Literal["active", "removed", "tombstoned"]]
    prefix: NotRequired[str]
    limit: NotRequired[int]


class ListItemHistoryQuery(TypedDict):
    """What a listing of `list_item_history` may ask for."""

    limit: NotRequired[int]


class ListSnapshotsQuery(TypedDict):
    """What a listing of `list_snapshots` may ask for."""

    limit: NotRequired[int]


class ListImportsQuery(TypedDict):
    """What a listing of `list_imports` may ask for."""

    limit: NotRequired[int]
    state: NotRequired[
        Literal[
            "awaiting_upload",
            "expired",
            "queued",
            "staging",
            "planning",
            "applying",
            "completed",
            "completed_with_errors",
            "failed",
            "cancelled",
        ]
    ]


class ListErasuresQuery(TypedDict):
    """What a listing of `list_erasures` may ask for."""

    limit: NotRequired[int]


class ListRunsQuery(TypedDict):
    """What a listing of `list_runs` may ask for."""

    limit: NotRequired[int]
    state: NotRequired[Literal["planning", "ready", "applying", "published", "failed", "expired", "discarded"]]


class ListChangesQuery(TypedDict):
    """What a listing of `list_changes` may ask for."""

    change: NotRequired[Literal["added", "updated", "removed", "restored", "tombstoned"]]
    prefix: NotRequired[str]
    since: NotRequired[int]
    limit: NotRequired[int]


class ListGenerationsQuery(TypedDict):
    """What a listing of `list_generations` may ask for."""

    limit: NotRequired[int]


class ListGenerationItemsQuery(TypedDict):
    """What a listing of `list_generation_items` may ask for."""

    prefix: NotRequired[str]
    limit: NotRequired[int]


class ListGenerationChangesQuery(TypedDict):
    """What a listing of `list_generation_changes` may ask for."""

    change: NotRequired[Literal["added", "updated", "removed", "restored", "tombstoned"]]
    prefix: NotRequired[str]
    limit: NotRequired[int]


class ListExportsQuery(TypedDict):
    """What a listing of `list_exports` may ask for."""

    limit: NotRequired[int]


class ListWebhooksQuery(TypedDict):
    """What a listing of `list_webhooks` may ask for."""

    limit: NotRequired[int]


class ListDeliveriesQuery(TypedDict):
    """What a listing of `list_deliveries` may ask for."""

    limit: NotRequired[int]
    state: NotRequired[Literal["pending", "delivered", "failed"]]
