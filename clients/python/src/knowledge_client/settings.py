"""Where the API is, and the key: as people copy them. Pure, but for the environment that it is handed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from knowledge_client.errors import SettingsError

ADDRESS, KEY = "CHATBOT_API", "CHATBOT_KEY"
# The stage that API Gateway serves under, and so every address without a path of its own.
DEFAULT_PATH = "/api"
_NEEDED = f"set {ADDRESS} (https://your-host/api) and {KEY} (sk_live_...)"


class Secret:
    """A text that shows itself nowhere: neither printed, nor in a traceback with its variables."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"


def read_base_url(given: str | None, environment: Mapping[str, str]) -> str:
    """Return the address that paths such as `/v1/sources` follow, without a slash at its end; raises SettingsError.

    `https://host`, `https://host/`, `https://host/api`, `https://host/api/` and `https://host/api/v1` are all the same.
    Any other path is kept: somebody has put the API there.
    """
    text = (given if given is not None else environment.get(ADDRESS, "")).strip()
    try:
        parts = urlsplit(text)
        well_formed = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        well_formed = False
    if not well_formed or re.search(r"[\s\x00-\x1f\x7f]", text):
        told = "is no address that begins with http:// or https://" if text else "is missing"
        raise SettingsError(f"{_NEEDED}; the address {told}")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(f"{_NEEDED}; the address has more than a scheme, a host and a path")
    origin = f"{parts.scheme}://{parts.netloc}"
    path = re.sub(r"/v1$", "", parts.path.rstrip("/")).rstrip("/")
    return origin + (path or DEFAULT_PATH)


def read_key(given: str | None, environment: Mapping[str, str]) -> Secret:
    """Return the key without what stands around it, such as a line feed; raises SettingsError, without it."""
    found = Secret((given if given is not None else environment.get(KEY, "")).strip())
    del given, environment
    # What no header can hold would otherwise look as if nothing answered.
    if not re.fullmatch(r"[\w.~+/=-]+", found.reveal(), re.ASCII):
        told = "cut, or has spaces or quotes in it" if found.reveal() else "missing"
        raise SettingsError(f"{_NEEDED}; the key is {told}")
    return found
