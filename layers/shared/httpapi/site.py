"""Built files of a website, as the gateway is answered with them. Pure.

A path is one of a folder's files by its whole name, or a page's without `.html`, so none leads out of it. What lies
in a folder whose name ends in a hash of its contents never changes, and is kept by browsers for a year.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from httpapi.content_codings import takes_gzip
from httpapi.entity_tags import read_known, written
from httpapi.requests import HttpRequest
from httpapi.responses import ALWAYS

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt"})
_HASHED = re.compile(r"-[0-9a-f]{8}/")
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=300"
# Of a page of ours: its own files and its own API, and nobody else's.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_PORTAL = "portal/"


@dataclass(frozen=True)
class SiteFile:
    """One file; `name` is its path below the folder. A page may connect to `origins` beside its own."""

    name: str
    content: bytes
    origins: tuple[str, ...] = ()

    @property
    def _ending(self) -> str:
        return posixpath.splitext(self.name)[1]

    @cached_property
    def tag(self) -> str:
        """What its bytes are told apart by."""
        return hashlib.sha256(self.content).hexdigest()[:32]

    @cached_property
    def compressed(self) -> bytes | None:
        """Its bytes for a client that takes gzip; None when that makes nothing smaller."""
        if self._ending not in _COMPRESSED:
            return None
        smaller = gzip.compress(self.content, mtime=0)
        return smaller if len(smaller) < len(self.content) else None

    def headers(self) -> dict[str, str]:
        """Return what holds for the file in whatever form it is sent.

        Browsers take over the headers of a 304, where the gateway writes a type of its own unless one is given.
        """
        kind = _TYPES.get(self._ending, "application/octet-stream")
        policy = _PAGE_POLICY.format(" ".join(("'self'", *self.origins)))
        page = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
        return {
            **ALWAYS,
            "Content-Type": kind,
            "Cache-Control": _FOREVER if _HASHED.search(self.name) else _BRIEFLY,
            # Pages of any site load a script with its hash by CORS; no file here is anybody's secret.
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            **(page if kind.startswith("text/html") else {}),
        }


@dataclass
class Site:
    """The files of a website; `read` returns one's bytes by its name, which is one of `names`.

    `newest` names manifests by the folder that stands for what each names: JSON with `file`, beside which it lies.
    The portal's page may connect to `storage`, the origin that large contents and files of imports lie at.
    """

    names: frozenset[str]
    read: Callable[[str], bytes]
    newest: Mapping[str, str] = field(default_factory=dict)
    storage: str | None = None

    def __post_init__(self) -> None:
        self._files: dict[str, SiteFile] = {}

    def answer(self, request: HttpRequest, name: str) -> dict[str, Any] | None:
        """Answer a GET or HEAD of a file in the gateway's form; None when there is no such file.

        Raises ValidationFailedError for tags that are none.
        """
        if f"{name}.html" in self.names:
            name += ".html"
        elif name.endswith("/") and f"{name}index.html" in self.names:
            name += "index.html"
        elif f"{name}/index.html" in self.names:
            # A page's own files are relative to its folder, so it is only answered below one.
            return _event(302, {**ALWAYS, "Location": f"{posixpath.basename(name)}/index.html"})
        if name in self.names:
            return answer_file(self._file(name), request)
        if (manifest := self.newest.get(name)) is None:
            return None
        # Relative to the path that was asked for, so it holds below any domain and stage.
        target = json.loads(self._file(manifest).content)["file"]
        place = posixpath.join(posixpath.dirname(manifest), target)
        headers = {**self._file(manifest).headers(), "Location": posixpath.relpath(place, posixpath.dirname(name))}
        return _event(302, headers)

    def _file(self, name: str) -> SiteFile:
        if name not in self._files:
            origins = (self.storage,) if self.storage and name.startswith(_PORTAL) else ()
            self._files[name] = SiteFile(name, self.read(name), origins)
        return self._files[name]


def answer_file(file: SiteFile, request: HttpRequest) -> dict[str, Any]:
    """Answer a GET or HEAD of a file in the gateway's form. Raises ValidationFailedError."""
    compressed = file.compressed
    zipped = compressed if compressed is not None and takes_gzip(request.headers.get("accept-encoding", [])) else None
    # Two forms of a file are two entities, so each has a tag of its own.
    tag = written(file.tag, zipped=zipped is not None)
    headers = {**file.headers(), "ETag": tag}
    if compressed is not None:
        headers["Vary"] = "Accept-Encoding"
    known = read_known(request.headers)
    if known is not None and known.name(tag):
        return _event(304, headers)
    if zipped is not None:
        headers["Content-Encoding"] = "gzip"
    # A HEAD is answered like a GET: the gateway leaves out the body, and tells its length.
    return _event(200, headers, file.content if zipped is None else zipped)


def _event(status: int, headers: Mapping[str, str], body: bytes = b"") -> dict[str, Any]:
    return {
        "statusCode": status,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
