"""Sends the file of an import to its link: one PUT of the whole file, without the key, and never to a redirect.

What could go wrong, and what follows:

- The answer is lost after storage took the file: the next try is refused (412), since the link takes one file. The
  import says whether it came.
- The connection breaks in the middle: storage keeps nothing of it, and the next try sends the file from its beginning.
- The file changes while it is sent: its length was promised, so a shorter one breaks the request, and of a longer one
  exactly what was promised is sent. Either way the size is looked at again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from knowledge_client import models
from knowledge_client.errors import InvalidArgumentError, NoAnswerError, UploadError
from knowledge_client.transport import Transport

_PIECE_BYTES = 256 * 1024
# More than the API says, and it says so earlier; here it spares the upload.
MAX_FILE_BYTES = 5 * 1024**3
# Storage is busy, or the request was too slow: a later one gets through.
_PASSING = frozenset({408, 500, 502, 503, 504})
_TAKEN_BEFORE = 412
_SHOWS_THE_LINK_IS_OVER = 403

Progress = Callable[[int, int], None]


class Uploading:
    """One file on its way."""

    def __init__(
        self,
        api: Transport,
        upload: models.Upload,
        file: Path,
        progress: Progress | None,
        state: Callable[[], str],
    ) -> None:
        """Name the link, the file, and how to ask for the import's state."""
        self._api = api
        self._upload = upload
        self._file = file
        self._progress = progress or (lambda sent, size: None)
        self._state = state

    def run(self) -> None:
        """Send the file, as often as it takes; raises UploadError, and InvalidArgumentError when it can't be read."""
        size = self._size()
        tries = 0
        while True:
            tries += 1
            try:
                status = self._api.put(
                    self._upload["url"],
                    {**self._upload["headers"], "Content-Length": str(size)},
                    self._pieces(size),
                )
            except httpx.RequestError as error:
                failure = UploadError(f"no answer to the upload of {self._file}: {error or type(error).__name__}")
                passing = not isinstance(error, httpx.LocalProtocolError)
                cause: Exception | None = error
            else:
                if 200 <= status < 300:
                    break
                if status == _TAKEN_BEFORE and tries > 1 and self._state() not in {"awaiting_upload", "expired"}:
                    break
                failure, passing, cause = _refused(self._file, status), status in _PASSING, None
            wait = self._api.retries.wait_after(
                tries, NoAnswerError(str(failure), code="no_answer", doing="PUT"), repeatable=True
            )
            if not passing or wait is None or self._size() != size:
                raise failure from cause
            self._api.sleep(wait)
        if self._size() != size:
            raise UploadError(f"{self._file} changed while it was uploaded: import it again")

    def _size(self) -> int:
        try:
            size = self._file.stat().st_size
        except OSError as error:
            raise InvalidArgumentError(f"{self._file} can't be read: {error.strerror}") from error
        if not 0 < size <= MAX_FILE_BYTES:
            raise InvalidArgumentError(f"{self._file} has {size} bytes; an import takes 1 to {MAX_FILE_BYTES}")
        return size

    def _pieces(self, size: int) -> Iterator[bytes]:
        sent = 0
        with self._file.open("rb") as file:
            while sent < size and (piece := file.read(min(_PIECE_BYTES, size - sent))):
                yield piece
                sent += len(piece)
                self._progress(sent, size)


def _refused(file: Path, status: int) -> UploadError:
    if 300 <= status < 400:
        return UploadError(f"the upload of {file} was answered with a redirect (HTTP {status}), not followed", status)
    if status == _TAKEN_BEFORE:
        return UploadError(f"the link for {file} was used before: it takes one file, once", status)
    if status == _SHOWS_THE_LINK_IS_OVER:
        return UploadError(f"storage refused {file} (HTTP 403): the link works for an hour; start a new import", status)
    return UploadError(f"storage refused {file} (HTTP {status})", status)
