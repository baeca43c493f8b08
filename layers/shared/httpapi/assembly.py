"""The parts of the edge put together, each made when the first request needs it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.storage.catalog import Catalog
from knowledge.storage.clients import Clients, Fanout
from knowledge.times import system_clock

from httpapi.authentication import Authenticator
from httpapi.keys.ledger import KeyLedger
from httpapi.keys.service import KeyService
from httpapi.keys.store import KeyStore
from httpapi.rate_limit import RateLimiter
from httpapi.settings import EdgeSettings

if TYPE_CHECKING:
    from knowledge.assembly import KnowledgeServices
    from knowledge.environments import Environment
    from knowledge.questions.store import QuestionStore
    from knowledge.storage.audit_store import AuditStore
    from webhooks.assembly import WebhookServices

    from httpapi.budgets import Budgets
    from httpapi.cursor_keys import CursorKeys
    from httpapi.health import Health
    from httpapi.idempotency import Idempotency
    from httpapi.keys.session_service import SessionService
    from httpapi.question_log import QuestionRecorder
    from httpapi.usage import UsageReader


class EdgeServices:
    """What one process answers requests with. Times come from `clock`, in milliseconds since 1970."""

    def __init__(
        self,
        settings: EdgeSettings,
        *,
        clients: Clients | None = None,
        clock: Callable[[], int] = system_clock,
        knowledge: Callable[[Clients], KnowledgeServices] | None = None,
        webhooks: Callable[[Clients], WebhookServices] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self._clients = clients or Clients()
        self._make_knowledge = knowledge or _knowledge_from_environment
        self._make_webhooks = webhooks or _webhooks_from_environment

    @cached_property
    def key_store(self) -> KeyStore:
        """The table of keys."""
        return KeyStore(self._clients.dynamodb, self.settings.keys_table)

    @cached_property
    def keys(self) -> KeyService:
        """What administrators do with keys."""
        catalog = self._ledger.catalog

        def environment_of(tenant_id: str, source_id: str) -> Environment | None:
            # Imported here, because few keys are limited to sources.
            from knowledge.errors import SourceNotFoundError
            from knowledge.sources.store import SourceStore

            try:
                return SourceStore(catalog).get_source(tenant_id, source_id).environment
            except SourceNotFoundError:
                return None

        return KeyService(self.key_store, self._ledger, self.clock, environment_of)

    @cached_property
    def sessions(self) -> SessionService:
        """Who is signed in with a key."""
        from httpapi.keys.session_service import SessionService

        return SessionService(self.key_store, self._ledger, self.clock)

    @cached_property
    def _ledger(self) -> KeyLedger:
        catalog = Catalog(self._clients.dynamodb, self.settings.catalog_table, self.settings.audit_table)
        return KeyLedger(self._clients.dynamodb, self.settings.keys_table, catalog, self.settings.tenant_limit)

    @cached_property
    def audit(self) -> AuditStore:
        """Who changed what."""
        from knowledge.storage.audit_store import AuditStore

        return AuditStore(self._clients.dynamodb, self.settings.audit_table)

    @cached_property
    def authenticator(self) -> Authenticator:
        """Finds who asks."""
        return Authenticator(self.key_store, self.clock)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """Counts what a key asks for."""
        return RateLimiter(self._clients.dynamodb, self.settings.rate_counters_table, self.clock)

    @cached_property
    def budgets(self) -> Budgets:
        """Counts what a key may do on a day."""
        from httpapi.budgets import Budgets

        catalog = Catalog(self._clients.dynamodb, self.settings.catalog_table)
        return Budgets(catalog, self.settings.rate_counters_table, self.clock)

    @cached_property
    def usage(self) -> UsageReader:
        """How much each key asks."""
        from httpapi.usage import UsageReader

        return UsageReader(self._clients.dynamodb, self.settings.rate_counters_table, self.key_store)

    @cached_property
    def idempotency(self) -> Idempotency:
        """Repeats answers; imported here, because most of its cost is its import."""
        from knowledge.storage.sealing import Sealer

        from httpapi.idempotency import Idempotency
        from httpapi.kept_answers import KeptAnswers

        key_id = self.settings.idempotency_key_id
        sealer = Sealer(lambda: self._clients.kms, key_id) if key_id else None
        kept = KeptAnswers(self.settings.content_bucket, lambda: self._clients.s3, sealer)
        return Idempotency(self._clients.dynamodb, self.settings.idempotency_table, kept)

    @cached_property
    def cursor_keys(self) -> CursorKeys:
        """Signs cursors."""
        from httpapi.cursor_keys import CursorKeys

        return CursorKeys(lambda: self._clients.kms, self.settings.cursor_key_id, self.settings.cursor_key_version)

    @cached_property
    def knowledge(self) -> KnowledgeServices:
        """The lifecycle."""
        return self._make_knowledge(self._clients)

    @cached_property
    def webhooks(self) -> WebhookServices:
        """Endpoints and deliveries."""
        return self._make_webhooks(self._clients)

    @cached_property
    def questions(self) -> QuestionRecorder:
        """Keeps what is asked; with clients of its own, which do not hold an answer up for long."""
        from httpapi.question_log import QuestionRecorder

        def make_store() -> QuestionStore:
            from knowledge.questions.store import QuestionStore

            return QuestionStore(Catalog(Clients(hurried=True).dynamodb, self.settings.questions_table), Fanout())

        return QuestionRecorder(make_store)

    @cached_property
    def health(self) -> Health:
        """Tells what can be reached; with clients of its own, which do not wait for long."""
        from httpapi.health import Health

        return Health(self.settings, Clients(hurried=True), self.clock)

    @cached_property
    def loader(self) -> ThreadPoolExecutor:
        """Reads a request's source while its rate limit is being counted: two calls in the time of one."""
        return ThreadPoolExecutor(1, thread_name_prefix="load")


def _knowledge_from_environment(clients: Clients) -> KnowledgeServices:
    from knowledge.assembly import KnowledgeServices
    from knowledge.settings import Settings

    return KnowledgeServices(Settings.from_environment(), clients=clients, tell_fallback=_count_fallback)


def _count_fallback(reason: str) -> None:
    from telemetry.lines import count_metric

    count_metric("AnswerFallbacks", code=reason)


def _webhooks_from_environment(clients: Clients) -> WebhookServices:
    from webhooks.assembly import WebhookServices, WebhookSettings

    return WebhookServices(WebhookSettings.from_environment(), clients=clients)
