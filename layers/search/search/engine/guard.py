"""What the engine ends in, as an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from search.errors import EngineFailedError


@contextmanager
def guarded() -> Iterator[None]:
    """Raises EngineFailedError for whatever the engine raises within, also for a panic, which is no `Exception`."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise EngineFailedError from error
