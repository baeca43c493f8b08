"""Sends requests of the API: the key, tries, and what came back, as JSON or as one of the errors."""

from __future__ import annotations

import logging
import platform
import re
import uuid
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from knowledge_client.answers import Json, no_answer, read_bounded, read_object
from knowledge_client.bodies import Body, body_of
from knowledge_client.errors import ApiError, InvalidArgumentError, SettingsError
from knowledge_client.retrying import Retries
from knowledge_client.settings import Secret

# The API answers within 29 s.
TIMEOUT = httpx.Timeout(60, connect=15)
_log = logging.getLogger("knowledge_client")


class BearerKey(httpx.Auth):
    """Puts the key into the one header. httpx asks for it at each request, and shows it nowhere."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = "Bearer " + self._key.reveal()
        yield request


@dataclass(frozen=True)
class Call:
    """One request, whatever it takes to send it. `repeatable` is False for what must not be done twice."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Body | None = None
    idempotency_key: str | None = None
    conditions: Mapping[str, str | None] = field(default_factory=dict)
    repeatable: bool = True
    final_codes: Collection[str] = ()


class Transport:
    """The connections of one client, shared by all its parts and threads."""

    def __init__(
        self,
        base_url: str,
        key: Secret,
        *,
        http_client: httpx.Client | None,
        retries: Retries,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        user_agent: str,
    ) -> None:
        """Raises SettingsError when a proxy or a certificate of the environment is none."""
        self.base_url = base_url
        self._prefix = httpx.URL(base_url).raw_path.decode()
        self._auth = BearerKey(key)
        self._owned = http_client is None
        self._http = http_client or make_http_client()
        self.retries = retries
        self._user_agent = f"{user_agent} python/{platform.python_version()}"
        self.sleep = sleep
        self.clock = clock

    def close(self) -> None:
        """Close the connections, if they are this client's own."""
        if self._owned:
            self._http.close()

    # What the parts of the client call

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, if_none_match: str | None = None) -> Json:
        """Read something, unless it is what the tag names: raises NotModifiedError then."""
        return self.send(Call("GET", path, query or {}, conditions={"If-None-Match": if_none_match}))

    def read(self, path: str, body: Mapping[str, Any], *, repeatable: bool = True) -> Json:
        """Ask something by a POST that changes nothing, such as a search."""
        return self.send(Call("POST", path, body=body_of(body), repeatable=repeatable))

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        final_codes: Collection[str] = (),
    ) -> Json:
        """Change something, under a new Idempotency-Key unless the caller has one, and if it is as the tags say."""
        key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
        if not re.fullmatch(r"[ -~]{1,255}", key):
            raise InvalidArgumentError("an Idempotency-Key has 1 to 255 printable ASCII characters")
        sent = None if body is None else body_of(body)
        conditions = {"If-Match": if_match, "If-None-Match": if_none_match}
        return self.send(Call(method, path, query or {}, sent, key, conditions, final_codes=final_codes))

    def send(self, call: Call) -> Json:
        """Send a request as often as it takes, and return the JSON object of its answer; raises ApiError."""
        tries = 0
        while True:
            try:
                return self.try_once(call)
            except ApiError as error:
                tries += 1
                wait = self.retries.wait_after(tries, error, repeatable=call.repeatable)
                if wait is None or error.code in call.final_codes:
                    raise
                _log.warning("%s; trying again in %.1f s", error, wait)
            self.sleep(wait)

    def try_once(self, call: Call) -> Json:
        """Send a request once."""
        headers = {"User-Agent": self._user_agent, "Accept": "application/json"}
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        headers |= _given(call.conditions)
        headers |= call.body.headers if call.body else {}
        given = {name: value for name, value in call.query.items() if value is not None}
        _check_query(given)
        request = self._http.build_request(
            call.method,
            self.base_url + call.path,
            params=given or None,
            content=call.body.content if call.body else None,
            headers=headers,
        )
        answer, content = self._exchange(request, f"{call.method} {self._prefix}{call.path}", self._auth)
        return read_object(answer, content, f"{call.method} {self._prefix}{call.path}")

    # Links that are read and written without the key

    def fetch(self, link: str, what: str) -> Json:
        """Read the JSON object behind a link of an answer, without the key; raises ApiError."""
        tries = 0
        while True:
            try:
                answer, content = self._exchange(self._http.build_request("GET", link), what, None)
                return read_object(answer, content, what)
            except ApiError as error:
                tries += 1
                wait = self.retries.wait_after(tries, error, repeatable=True)
                if wait is None:
                    raise
            self.sleep(wait)

    def save(
        self, link: str, file: Path, what: str, size: int, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Write what is behind a link to a file, without the key, and return how much; raises ApiError.

        `progress` is called with the bytes that came and `size`, which begins anew with each try.
        """
        tries = 0
        while True:
            try:
                return self._save_once(link, file, what, lambda came: progress(came, size) if progress else None)
            except ApiError as error:
                tries += 1
                wait = self.retries.wait_after(tries, error, repeatable=True)
                if wait is None:
                    raise
            self.sleep(wait)

    def _save_once(self, link: str, file: Path, what: str, came: Callable[[int], None]) -> int:
        try:
            answer = self._http.send(
                self._http.build_request("GET", link, headers={"Accept-Encoding": "identity"}),
                stream=True,
                auth=None,
                follow_redirects=False,
            )
            try:
                if not answer.is_success:
                    read_object(answer, read_bounded(answer, what), what)
                size = 0
                with file.open("wb") as written:
                    # As they are: what is compressed is the file itself.
                    for piece in answer.iter_raw():
                        size += written.write(piece)
                        came(size)
                return size
            finally:
                answer.close()
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise no_answer(error, what) from error

    def put(self, link: str, headers: Mapping[str, str], content: Any) -> int:
        """Send a file to a link without the key; returns the status. Raises what httpx does."""
        request = self._http.build_request("PUT", link, headers=dict(headers), content=content)
        answer = self._http.send(request, stream=True, auth=None, follow_redirects=False)
        answer.close()
        return answer.status_code

    def _exchange(self, request: httpx.Request, doing: str, auth: httpx.Auth | None) -> tuple[httpx.Response, bytes]:
        try:
            # A redirect would take the key and the body to somebody else.
            answer = self._http.send(request, stream=True, auth=auth, follow_redirects=False)
            try:
                return answer, read_bounded(answer, doing)
            finally:
                answer.close()
        except httpx.UnsupportedProtocol as error:
            raise SettingsError(f"{doing}: {error}") from error
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise no_answer(error, doing) from error


def make_http_client() -> httpx.Client:
    """Make connections as the client has them; raises SettingsError for a proxy or a certificate that is none."""
    # httpx takes HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR from the environment, and fails at bad ones.
    try:
        return httpx.Client(timeout=TIMEOUT)
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        told = f"a proxy or a certificate of the environment (HTTPS_PROXY, SSL_CERT_FILE) can't be used: {error}"
        raise SettingsError(told) from error


def _given(conditions: Mapping[str, str | None]) -> dict[str, str]:
    given = {name: value for name, value in conditions.items() if value is not None}
    for name, value in given.items():
        if not re.fullmatch(r"[!-~][ -~]*", value):
            raise InvalidArgumentError(
                f"{value!r} is no ETag for {name}: give one as it was read, with its quotes, or *"
            )
    return given


def _check_query(query: Mapping[str, Any]) -> None:
    for name, value in query.items():
        try:
            str(value).encode()
        except UnicodeEncodeError as error:
            raise InvalidArgumentError(f"{name}: {value!r} has half of a surrogate pair in it") from error
