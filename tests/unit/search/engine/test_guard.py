"""Whatever the engine ends in is one error."""

from __future__ import annotations

import pytest
from search.engine.guard import guarded
from search.errors import EngineFailedError


class PanicException(BaseException):
    """As the engine's: no `Exception`."""


@pytest.mark.parametrize("error", [ValueError(), OSError(), PanicException(), MemoryError()], ids=repr)
def test_failures_and_panics_are_one_error(error: BaseException) -> None:
    with pytest.raises(EngineFailedError) as told, guarded():
        raise error
    assert told.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_goes_on(error: type[BaseException]) -> None:
    with pytest.raises(error), guarded():
        raise error
