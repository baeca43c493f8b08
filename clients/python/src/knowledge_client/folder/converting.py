"""PDF and Word documents as text, each in a process of its own, so that no file can stop or outgrow its reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from knowledge_client.folder.model import NotReadableError

Converted = Literal["pdf", "docx"]
# What converts a kind, by which library, and what people call it.
_MODULES: dict[Converted, tuple[str, str, str]] = {
    "pdf": ("pdf_text.py", "pypdf", "a PDF"),
    "docx": ("word_text.py", "mammoth", "a Word document"),
}
FILE_BYTES = 64 * 1_048_576
SECONDS = 60
# A machine may be busy: so long in all, whatever was computed.
_CLOCK_SECONDS = 600
# What the child needs of the environment. It holds keys, too, and they are none of its business.
_ENVIRONMENT = ("SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Conversion:
    """The text of a document, and what it says of itself, each empty if it does not.

    `title` is that of its properties, `heading` what its first page shows largest; `text` of a Word document is HTML.
    """

    text: str
    title: str = ""
    heading: str = ""
    keywords: str = ""
    language: str = ""
    notices: tuple[str, ...] = ()


def is_installed(kind: Converted) -> bool:
    """Whether the library is there that reads a kind."""
    return find_spec(_MODULES[kind][1]) is not None


def not_installed(kind: Converted) -> str:
    """Say what a file is that can't be read without the extra; goes on after its path."""
    return f"is {_MODULES[kind][2]}: install knowledge-client[documents] to have it read"


def convert(raw: bytes, kind: Converted, most_bytes: int) -> Conversion:
    """Convert a file; `most_bytes` bounds its text.

    Raises NotReadableError when it is encrypted, broken, without text, or takes more than a file may.
    """
    if not is_installed(kind):
        raise NotReadableError(not_installed(kind))
    try:
        answer = json.loads(_run(raw, kind, most_bytes))
        if "error" in answer:
            raise NotReadableError(answer["error"])
        return Conversion(**{**answer, "notices": tuple(answer["notices"])})
    except (TypeError, KeyError, json.JSONDecodeError) as error:
        raise NotReadableError("can't be converted") from error


def _run(raw: bytes, kind: Converted, most_bytes: int) -> bytes:
    program = Path(__file__).with_name("converter.py")
    path = json.dumps(sys.path)
    command = [sys.executable, "-I", str(program), _MODULES[kind][0], str(SECONDS), str(most_bytes), path]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_CLOCK_SECONDS,
            env=environment,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as error:
        raise NotReadableError("takes too long to read") from error
    except (OSError, ValueError) as error:
        raise NotReadableError(f"can't be converted: {error}") from error
    if done.returncode < 0:
        raise NotReadableError(f"takes more than {SECONDS} seconds of computing, or ends what reads it")
    if done.returncode:
        raise NotReadableError("can't be converted")
    return done.stdout
