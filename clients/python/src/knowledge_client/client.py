"""The client: its parts by the kinds of things that the API has, and what is asked of all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self, Unpack, cast

import httpx

from knowledge_client import models
from knowledge_client.answers import Json
from knowledge_client.errors import InvalidArgumentError
from knowledge_client.listing import Listing
from knowledge_client.resources.erasures import Erasures
from knowledge_client.resources.exports import Exports
from knowledge_client.resources.generations import Generations
from knowledge_client.resources.imports import Imports
from knowledge_client.resources.items import Items
from knowledge_client.resources.keys import Keys
from knowledge_client.resources.questions import Questions
from knowledge_client.resources.resource import path_to
from knowledge_client.resources.runs import Runs
from knowledge_client.resources.sessions import Sessions
from knowledge_client.resources.snapshots import Snapshots
from knowledge_client.resources.sources import Sources
from knowledge_client.resources.webhooks import Webhooks
from knowledge_client.retrying import Retries
from knowledge_client.settings import read_base_url, read_key
from knowledge_client.transport import Transport
from knowledge_client.version import VERSION


class KnowledgeClient:
    """The API with one key; share it between threads, and close it (or use `with`) when you are done.

    Fields of requests and answers are named as in the API's documentation (`externalItemId`). Everything that changes
    something carries an Idempotency-Key, the same in all its tries, so that none of them does the work twice.
    """

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        retries: Retries | None = None,
        http_client: httpx.Client | None = None,
        user_agent: str = f"knowledge-client/{VERSION}",
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the address and the key, or find them in CHATBOT_API and CHATBOT_KEY; raises SettingsError.

        `http_client` is one of your own, with its proxies, certificates and time-outs; you close it yourself.
        """
        api = Transport(
            read_base_url(base_url, os.environ),
            read_key(key, os.environ),
            http_client=http_client,
            retries=retries or Retries(),
            sleep=sleep,
            clock=clock,
            user_agent=user_agent,
        )
        self._api = api
        self.sources = Sources(api)
        self.items = Items(api)
        self.snapshots = Snapshots(api)
        self.runs = Runs(api)
        self.generations = Generations(api)
        self.exports = Exports(api)
        self.imports = Imports(api)
        self.erasures = Erasures(api)
        self.questions = Questions(api)
        self.keys = Keys(api)
        self.sessions = Sessions(api)
        self.webhooks = Webhooks(api)

    def __repr__(self) -> str:
        return f"KnowledgeClient({self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, but those of an `http_client` that was handed in."""
        self._api.close()

    @property
    def base_url(self) -> str:
        """The address that paths such as `/v1/sources` follow."""
        return self._api.base_url

    # Searching and asking

    def search(self, **wanted: Unpack[models.SearchRequest]) -> models.SearchPage:
        """Search what is served; the best come first, a page at a time."""
        return cast(models.SearchPage, self._api.read("/v1/search", wanted))

    def search_all(self, **wanted: Unpack[models.SearchRequest]) -> Iterator[models.SearchResult]:
        """Yield the results of a search, page after page as they are asked for.

        Raises ConflictError (`stale_cursor`) when something is published in between: search again.
        """
        while True:
            page = self.search(**wanted)
            yield from page["results"]
            if page["nextCursor"] is None:
                return
            wanted["cursor"] = page["nextCursor"]

    def ask(self, **question: Unpack[models.AnswerRequest]) -> models.AnswerResponse:
        """Answer a question from what is served, with citations.

        Each try counts, so it is made again only where the API says that it did not look into the one before.
        """
        return cast(models.AnswerResponse, self._api.read("/v1/answers", question, repeatable=False))

    def give_feedback(self, answer_id: str, **opinion: Unpack[models.FeedbackRequest]) -> models.Feedback:
        """Say whether an answer helped."""
        return cast(models.Feedback, self._api.read(path_to("answers", answer_id, "feedback"), opinion)["feedback"])

    # The tenant

    def who_am_i(self) -> models.CallerResponse:
        """Read what the key is and may do."""
        return cast(models.CallerResponse, self._api.get("/v1/whoami"))

    def usage(self, **query: Unpack[models.GetUsageQuery]) -> Listing[models.KeyUsage]:
        """List the use of keys by day; `answers()` of the listing has what is served, too."""
        return Listing(self._api, "/v1/usage", "keys", query)

    def health(self) -> models.HealthResponse:
        """Ask whether the API works."""
        return cast(models.HealthResponse, self._api.get("/health"))

    # The rest

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Json:
        """Send any request, with all that the client does for its own; `path` begins with `/v1/`. Raises ApiError."""
        if not path.startswith("/"):
            raise InvalidArgumentError(f"{path!r} is no path such as /v1/sources")
        if method.upper() in {"GET", "HEAD"}:
            if if_match is not None:
                raise InvalidArgumentError("if_match is for writes; a read takes if_none_match")
            return self._api.get(path, query, if_none_match=if_none_match)
        return self._api.write(
            method.upper(),
            path,
            body,
            query=query,
            idempotency_key=idempotency_key,
            if_match=if_match,
            if_none_match=if_none_match,
        )
