"""What commands work with: the client, kb.toml, the source, and the time of the API. All is closed at the end."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path

import httpx

from knowledge_client import KnowledgeClient, models
from knowledge_client.command.exits import StoppedError
from knowledge_client.command.kb_toml import ANYWHERE, NAME, KbToml, KbTomlError, find_kb_toml, read_kb_toml
from knowledge_client.command.options import Options
from knowledge_client.command.output import Output
from knowledge_client.command.places import place_of
from knowledge_client.errors import SettingsError
from knowledge_client.retrying import Retries
from knowledge_client.transport import make_http_client
from knowledge_client.version import VERSION

# Dates of pages are days, and clocks of machines are seconds apart.
SKEW = timedelta(minutes=5)
RETRIES = Retries()
sleep = time.sleep


class ApiTime:
    """The time that answers of the API carry, beside that of this machine."""

    def __init__(self) -> None:
        self.skew = timedelta(0)

    def note(self, answer: httpx.Response) -> None:
        """Look at the `Date` of an answer."""
        try:
            at = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return
        self.skew = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)

    @property
    def is_off(self) -> bool:
        """Whether this machine's clock is so wrong that dates of pages would be taken wrongly."""
        return abs(self.skew) > SKEW

    def words(self) -> str:
        """Say by how much this machine's clock is wrong."""
        minutes = round(abs(self.skew).total_seconds() / 60)
        return f"{minutes} min ({'slow' if self.skew > timedelta(0) else 'fast'})"

    def now(self) -> datetime:
        """The time: this machine's, unless that is off."""
        return datetime.now(UTC) + (self.skew if self.is_off else timedelta(0))


class Session:
    """One command's work; `config` is what stands in for a kb.toml."""

    def __init__(
        self, options: Options, client: KnowledgeClient, api_time: ApiTime, config: KbToml | None = None
    ) -> None:
        self.options = options
        self.out: Output = options.output()
        self.client = client
        self.time = api_time
        self._given_config = config
        self.sleep = sleep
        self.dice = random.random

    @property
    def has_config(self) -> bool:
        """Whether there is a kb.toml; raises KbTomlError when one is named that is not there."""
        return self.options.config is not None or find_kb_toml(None, working_folder()) is not None

    @cached_property
    def config(self) -> KbToml:
        """The kb.toml; raises KbTomlError."""
        return self._given_config or read_config(self.options)

    def find_source(self) -> models.Source | None:
        """Return the source of kb.toml as it is now, None when there is none yet.

        Raises StoppedError when the folder is another one than the source's, or when the key may not see the source.
        """
        check_place(self.config)
        found = next(iter(self.client.sources.list(label=self.config.label)), None)
        if found is not None:
            return self.client.sources.get(found["id"])
        limited = self.client.who_am_i()["key"].get("sourceIds")
        if limited is not None:
            # Otherwise all would look as if it were to be added.
            raise StoppedError(
                f"the key reaches {len(limited)} sources, and none has the label {self.config.label}",
                code="source_not_reached",
                next_step="Use a key that reaches it, or one that is not limited to make it.",
            )
        return None

    def make_source(self) -> models.Source:
        """Return the source of kb.toml, made if there is none; two that make it at once get the same one."""
        config = self.config
        return self.find_source() or self.client.sources.create(
            name=config.name, label=config.label, graceDays=config.grace_days
        )


def read_config(options: Options) -> KbToml:
    """Read the kb.toml that is named, or the nearest one; raises KbTomlError."""
    file = find_kb_toml(options.config, working_folder())
    if file is None:
        raise KbTomlError(f"there is no {NAME} here or further up", "Write one for your documents: kb init FOLDER")
    return read_kb_toml(file)


def check_place(config: KbToml) -> None:
    """Look whether a kb.toml lies where it was written for. Raises StoppedError, which names both places."""
    here = place_of(config.root)
    if here in {config.place, config.moved_to} or config.moved_to == ANYWHERE:
        return
    was = f"mirrors {config.place}" if config.place else "does not say what it mirrors"
    raise StoppedError(
        f"the source of {config.file} {was}, and this folder is {here}",
        code="another_folder",
        next_step="A copy needs a source of its own: kb init --new. If the folder was moved, say so: kb init --moved.",
    )


@contextmanager
def open_session(options: Options) -> Iterator[Session]:
    """Open what a command works with, and close its connections whatever happens; raises SettingsError."""
    key = None
    if options.key_file is not None:
        try:
            key = options.key_file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"--key-file {options.key_file} can't be read: {error}") from error
    api_time = ApiTime()
    with make_http_client() as http:
        http.event_hooks["response"].append(api_time.note)
        client = KnowledgeClient(
            options.base_url, key, http_client=http, retries=RETRIES, user_agent=f"kb/{VERSION}", sleep=sleep
        )
        yield Session(options, client, api_time)


def working_folder() -> Path:
    """Return where the command was called; raises StoppedError when that is gone."""
    try:
        return Path(os.getcwd())  # noqa: PTH109 - says which error it is
    except OSError as error:
        raise StoppedError("this folder is gone", code="no_folder", next_step="Go to another one.") from error
