"""Compressing answers for clients that ask for it. Pure.

Done here and not by the gateway (`minimumCompressionSize`): with that on, it inflates bodies of requests, too, before
it hands them to the function, which takes 6 MB, and a batch of 8 MiB would not come through any more.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

_GZIP_FORMAT = 31
# What takes long to make smaller is paid by the millisecond: level 6 takes twice as long for some hundredths.
_LEVEL = 4


def takes_gzip(values: Sequence[str]) -> bool:
    """Tell whether an `Accept-Encoding`, sent once or several times, asks for gzip, and no less than for plain."""
    weights: dict[str, float] = {}
    for part in ",".join(values).lower().split(","):
        coding, *parameters = (each.strip() for each in part.split(";"))
        weights[coding] = _weight(parameters)
    gzip = max((weights[name] for name in ("gzip", "x-gzip") if name in weights), default=weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", weights.get("*", 0.0))


def compressed(text: bytes) -> bytes:
    """Compress an answer."""
    # The same bytes for the same answer: the format's header has no time in it.
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP_FORMAT)
    return packer.compress(text) + packer.flush()


def _weight(parameters: Sequence[str]) -> float:
    """The q-value among parameters, 1 without one; 0, not to be sent, for one that is none."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            whole, _, rest = value.partition(".")
            known = value.isascii() and whole in {"0", "1"} and len(rest) <= 3 and (rest.isdigit() or not rest)
            return min(float(f"{whole}.{rest or 0}"), 1.0) if known else 0.0
    return 1.0
