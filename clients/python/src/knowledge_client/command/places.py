"""What a folder is, in the same words in every checkout: its repository and path there, or this machine and its path.

It stands in the label of the source, behind the `@`: whoever copies a folder with its kb.toml has another place there,
and is told so before one folder empties the other's source.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from configparser import ConfigParser, Error
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

PLACE_CHARACTERS = 120
# What the API takes in a label.
_STRANGE = re.compile(r"[^A-Za-z0-9._:/+-]")
# git@host:owner/name.git
_SCP = re.compile(r"(?:[^@/]+@)?([^:/]+):(?!//)(.+)")


def place_of(folder: Path) -> str:
    """Return what a folder is: `github.com/acme/site/docs`, or without a repository `machine/home/jo/docs`."""
    real = Path(os.path.realpath(folder))
    root = next((each for each in (real, *real.parents) if os.path.lexists(each / ".git")), None)
    origin = _origin(root / ".git") if root is not None else None
    if root is not None and origin is not None:
        return _fitting("/".join((origin, *real.relative_to(root).parts)))
    return _fitting("/".join((platform.node() or "machine", *PurePosixPath(real.as_posix()).parts[1:])))


def _origin(git: Path) -> str | None:
    """Where a checkout comes from, without its user and password; None when it comes from nowhere."""
    try:
        if git.is_file():
            # A worktree or a submodule: a line says where its repository lies.
            told = git.read_text("utf-8").partition("gitdir:")[2].strip()
            git = (git.parent / told).resolve()
            common = git / "commondir"
            git = (git / common.read_text("utf-8").strip()).resolve() if common.is_file() else git
        config = ConfigParser(strict=False, interpolation=None, allow_no_value=True, comment_prefixes=("#", ";"))
        config.read_string(re.sub(r"(?m)^[ \t]+", "", (git / "config").read_text("utf-8", "replace")))
        address = config.get('remote "origin"', "url", fallback=None)
    except (OSError, UnicodeDecodeError, Error):
        return None
    return _plain(address) if address else None


def _plain(address: str) -> str | None:
    scp = _SCP.fullmatch(address)
    if "://" in address:
        try:
            parts = urlsplit(address)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return None
    elif scp is not None and len(scp[1]) > 1:
        host, path = scp[1].lower(), scp[2]
    else:
        # A repository on the same machine, or a drive of Windows.
        return None
    path = path.strip("/").removesuffix(".git")
    return f"{host}/{path}" if host and path else None


def _fitting(place: str) -> str:
    """A place as a label takes it: what is changed or cut is told apart by a hash of the whole."""
    fitting = _STRANGE.sub("_", place)
    if fitting == place and len(place) <= PLACE_CHARACTERS:
        return place
    digest = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{fitting[: PLACE_CHARACTERS - 13]}-{digest}"
