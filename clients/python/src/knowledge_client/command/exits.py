"""How the command ends: its exit codes, and of every error what it is called and what to do next. Pure.

0 done, or nothing to do. 2 there are changes (`diff`, `plan`). 3 a problem on this side, or the guard stopped it. 4 the
API refused. 5 no answer, or none in time. 1 is a fault of the command itself, 130 a Ctrl-C, 141 a pipe that nobody
reads any more, as of other programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from knowledge_client.errors import (
    ApiError,
    FailedError,
    InvalidArgumentError,
    KnowledgeError,
    NoAnswerError,
    ServerError,
    StillUnderWayError,
    UnexpectedAnswerError,
    UploadError,
)


class Exit(IntEnum):
    """What a script learns of a command."""

    DONE = 0
    FAULT = 1
    CHANGES = 2
    PROBLEMS = 3
    REFUSED = 4
    NETWORK = 5
    INTERRUPTED = 130
    UNREAD = 141


class StoppedError(KnowledgeError):
    """Raised when a command stops by itself; `next_step` is what to do about it."""

    def __init__(self, message: str, *, code: str, next_step: str, exit_code: Exit = Exit.PROBLEMS) -> None:
        super().__init__(message)
        self.code = code
        self.next_step = next_step
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Failure:
    """How an error is told. `request_id` is None where no answer came."""

    exit_code: Exit
    code: str
    message: str
    next_step: str
    request_id: str | None = None

    def as_json(self) -> dict[str, object]:
        """The document of `--json`."""
        error = {"code": self.code, "message": self.message, "requestId": self.request_id, "next": self.next_step}
        return {"exitCode": int(self.exit_code), "error": error}


_ASK = "If it comes again, tell whoever runs the API the request id."
_KEY = "Look at CHATBOT_KEY: it is the text that begins with sk_."
_NEXT = {
    "apply_conflict": "Run the command again.",
    "apply_in_progress": "Another apply is at work. Run it again, or with --wait.",
    "export_limit": "Wait until one has ended.",
    "import_limit": "Wait until one has ended, or cancel one that nobody uploads to.",
    "insufficient_scope": "Use a key that has the scope; whoever manages your keys can make one.",
    "invalid_key": _KEY,
    "key_disabled": "Ask whoever manages your keys to enable it, or use another one.",
    "key_expired": "Ask whoever manages your keys for a new one.",
    "key_revoked": "Ask whoever manages your keys for a new one.",
    "lease_lost": "Run the command again.",
    "no_answer": "Look at the network, at CHATBOT_API and HTTPS_PROXY, and run it again: nothing is done twice.",
    "no_request": "Look at CHATBOT_API and HTTPS_PROXY.",
    "not_apply_eligible": "Run `kb plan` again.",
    "not_found": "Look at the id. The key may not reach it, or be of the other environment.",
    "payload_too_large": "Leave out the file that is so large.",
    "publishing_locked": "Wait, or have it unlocked by whoever locked it.",
    "rate_limited": "Wait a minute, and run it again.",
    "removal_guard": "Look at what it removes. If that is meant, add --approve-removals with their number.",
    "request_budget": "Wait until midnight UTC, or have the key's budget raised.",
    "run_discarded": "Somebody decided against it: ask why, then run `kb plan` again.",
    "run_in_progress": "Another run is being planned. Run it again, or with --wait.",
    "snapshot_open": "A snapshot or an import is under way. Wait for its end, and run it again.",
    "source_inactive": "The source is archived. Restore it, or name another one in kb.toml.",
    "stale_base": "Something else was published. Run `kb plan` again, and look at it.",
    "stale_plan": "It was planned again since. Run `kb plan` again, and look at it.",
    "unauthorized": _KEY,
    "untrusted_certificate": "Name the certificates to trust in SSL_CERT_FILE.",
    "validation_error": "Mend what it names, and run it again.",
}
_BY_EXIT = {
    Exit.PROBLEMS: "Mend it, and run it again.",
    Exit.REFUSED: _ASK,
    Exit.NETWORK: f"Run it again after a while. {_ASK}",
}


def failure_of(error: KnowledgeError | OSError) -> Failure:
    """Say how an error is told: its exit code, its code, and what to do next."""
    if isinstance(error, StoppedError):
        return Failure(error.exit_code, error.code, str(error), error.next_step)
    code = str(getattr(error, "code", "")) or _code_of(error)
    exit_code = _exit_of(error, code)
    # Whoever knows what is served now has noted it.
    next_step = " ".join((*getattr(error, "__notes__", ()), _NEXT.get(code, _BY_EXIT[exit_code])))
    request_id = error.request_id if isinstance(error, ApiError) else None
    return Failure(exit_code, code, str(error), next_step, request_id)


def _exit_of(error: Exception, code: str) -> Exit:
    if code == "removal_guard":
        return Exit.PROBLEMS
    match error:
        case NoAnswerError() | UnexpectedAnswerError() | ServerError() | UploadError() | StillUnderWayError():
            return Exit.NETWORK
        case ApiError() | FailedError():
            return Exit.REFUSED
        case _:
            return Exit.PROBLEMS


def _code_of(error: Exception) -> str:
    match error:
        case UploadError():
            return "upload_failed"
        case StillUnderWayError():
            return "still_under_way"
        case InvalidArgumentError():
            return "invalid_argument"
        case OSError():
            return "file_error"
        case _:
            return "error"
