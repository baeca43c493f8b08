"""Watches every AWS call of a client, and lets the n-th of them go wrong in a chosen way."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from testing.recording import acting, note_call

Request = Mapping[str, Any]
Perform = Callable[[Request], Any]
Hook = Callable[["Call", Perform], Any]
_tokens = itertools.count(1)


class Crash(BaseException):
    """Raised where a process dies: no handler of the product runs after it."""


class FunctionCrash(Crash):
    """Raised where one function dies and the state machine around it lives on."""


class Way(StrEnum):
    """How a call goes wrong: before it took effect, after, or twice; with the caller dead or alive."""

    DIE_BEFORE = "die-before"
    DIE_AFTER = "die-after"
    FUNCTION_DIES = "function-dies"
    REFUSED = "refused"
    ANSWER_LOST = "answer-lost"
    CUT_OFF = "cut-off"
    THROTTLED = "throttled"
    REPEATED = "repeated"


@dataclass(frozen=True)
class Call:
    """One call of a client."""

    service: str
    operation: str
    request: Request

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"


class Watched:
    """A client whose calls all go through a hook; what is no call is passed on."""

    def __init__(self, client: Any, service: str, hook: Hook) -> None:
        self._client = client
        self._service = service
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name in {"meta", "exceptions", "generate_presigned_url"} or not callable(method):
            return method

        def call(**request: Any) -> Any:
            if name == "transact_write_items":
                # botocore gives each call a token, and the same one to its retries.
                request.setdefault("ClientRequestToken", f"token-{next(_tokens)}")
            note_call(self._service, name, request)
            return self._hook(Call(self._service, name, request), lambda sent: method(**sent))

        return call


@dataclass
class Puts:
    """What was put into the bucket, so that an overwrite can't pass unseen."""

    digests: dict[str, str] = field(default_factory=dict)
    overwritten: list[str] = field(default_factory=list)
    unconditional: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        """Note a put that took effect."""
        key, digest = request["Key"], hashlib.sha256(request["Body"]).hexdigest()
        if key in self.digests:
            self.overwritten.append(key)
        if request.get("IfNoneMatch") != "*":
            self.unconditional.append(key)
        self.digests[key] = digest


@dataclass
class Faults:
    """The hook of a world: records each call and makes the chosen one go wrong.

    `arm` counts from the next call on; `fired` tells what call it was, None while none was reached. `gate` is passed
    before each call, may hold it up, and may say how this one is to go wrong. `after` sees the calls that took effect.
    `rewrite` is given each request and returns the one to send: a mutation of the product, made from outside.
    """

    way: Way | None = None
    at: int = 0
    calls: list[Call] = field(default_factory=list)
    fired: Call | None = None
    puts: Puts = field(default_factory=Puts)
    gate: Callable[[Call], Way | None] | None = None
    after: Callable[[Call, Any], None] | None = None
    rewrite: Callable[[Call], Request] | None = None
    weak_reads: list[str] = field(default_factory=list)

    def arm(self, at: int, way: Way) -> None:
        """Let the call number `at` (from 0) from now on go wrong."""
        self.calls.clear()
        self.at, self.way, self.fired = at, way, None

    def disarm(self) -> None:
        """Let nothing go wrong any more."""
        self.way = None

    def __call__(self, call: Call, perform: Perform) -> Any:
        """Pass a call on, or not, or twice."""
        # What a test does in between is done by nobody.
        with acting(None):
            way = None if self.gate is None else self.gate(call)
        if self.way is not None and len(self.calls) == self.at:
            way, self.fired = self.way, call
        self.calls.append(call)
        return self._perform(call, perform) if way is None else self._go_wrong(way, call, perform)

    def _go_wrong(self, way: Way, call: Call, perform: Perform) -> Any:
        match way:
            case Way.DIE_BEFORE:
                raise Crash(str(call))
            case Way.DIE_AFTER:
                self._perform(call, perform)
                raise Crash(str(call))
            case Way.FUNCTION_DIES:
                self._perform(call, perform)
                raise FunctionCrash(str(call))
            case Way.REFUSED:
                raise EndpointConnectionError(endpoint_url=call.service)
            case Way.ANSWER_LOST:
                self._perform(call, perform)
                raise ReadTimeoutError(endpoint_url=call.service)
            case Way.CUT_OFF:
                self._perform(call, perform)
                raise ConnectionClosedError(endpoint_url=call.service)
            case Way.THROTTLED:
                raise throttled(call)
            case Way.REPEATED:
                self._perform(call, perform)
                return self._perform(call, perform)

    def _perform(self, call: Call, perform: Perform) -> Any:
        sent = call.request if self.rewrite is None else self.rewrite(call)
        if call.operation in {"get_item", "query"} and not sent.get("ConsistentRead"):
            self.weak_reads.append(str(call))
        if call.operation == "batch_get_item":
            weak = [table for table, asked in sent["RequestItems"].items() if not asked.get("ConsistentRead")]
            self.weak_reads.extend(weak)
        answer = perform(sent)
        if call.operation == "put_object":
            self.puts.note(sent)
        if self.after is not None:
            with acting(None):
                self.after(call, answer)
        return answer

    def clients(self, dynamodb: Any, s3: Any, **others: Any) -> SimpleNamespace:
        """The clients under this watch."""
        named = {"dynamodb": dynamodb, "s3": s3, "sqs": None, "kms": None, "events": None, **others}
        return SimpleNamespace(**{name: Watched(client, name, self) for name, client in named.items()})


def before_first(watch: Faults, operation: str, meddle: Callable[[], object], *, matching: str = "") -> list[Call]:
    """Do something just before the first call of that name from now on whose request mentions `matching`.

    Returns a list that is empty until then and holds the call afterwards.
    """
    met: list[Call] = []
    otherwise = watch.gate

    def gate(call: Call) -> Way | None:
        if not met and call.operation == operation and matching in str(call.request):
            met.append(call)
            watch.gate = otherwise
            meddle()
        return None if otherwise is None else otherwise(call)

    watch.gate = gate
    return met


def throttled(call: Call) -> ClientError:
    """The throttle of the call's service, after botocore's own retries."""
    code = "SlowDown" if call.service == "s3" else "ThrottlingException"
    return ClientError({"Error": {"Code": code, "Message": "slow down"}}, call.operation)
