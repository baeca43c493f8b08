"""Figures in words, as messages say them. Pure."""

from __future__ import annotations

from knowledge.times import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE

_TIMES = ((MS_PER_DAY, "a day", "days"), (MS_PER_HOUR, "an hour", "hours"), (MS_PER_MINUTE, "a minute", "minutes"))
_SIZES = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def duration_words(milliseconds: int) -> str:
    """Say how long a time is, in the largest unit that it is whole in: `30 days`, `an hour`, `90 minutes`."""
    for unit, one, many in _TIMES:
        if milliseconds >= unit and milliseconds % unit == 0:
            return one if milliseconds == unit else f"{milliseconds // unit} {many}"
    return f"{milliseconds / 1000:g} seconds"


def size_words(size: int) -> str:
    """Say how large something is: `16 KiB`, `1.1 MiB`; `4 MB` when it is whole in that."""
    if size >= 1_000_000 and size % 1_000_000 == 0:
        return f"{size // 1_000_000} MB"
    for unit, name in _SIZES:
        if size >= unit:
            return f"{round(size / unit, 1):g} {name}"
    return f"{size} bytes"
