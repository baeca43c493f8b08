"""JSON as strictly as every receiver should read it, for bodies and for lines of imports alike. Pure."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from knowledge.limits import JSON_LEVELS

if TYPE_CHECKING:
    from knowledge.items.json_places import JsonPlace


# Decimal digits that any double keeps, the most that one has, and the least that has all of its bits.
_SURE_DIGITS = 15
_MOST_DIGITS = 767
_LEAST_NORMAL = 2.0**-1022


class JsonTextError(ValueError):
    """Raised when a text is not strict JSON; the message goes on after the name of what was read.

    `place` is where, if that could be found.
    """

    def __init__(self, message: str, place: JsonPlace | None = None) -> None:
        super().__init__(message)
        self.place = place


def parse_json(raw: bytes, *, one_line: bool = False) -> Any:
    """Parse one JSON text.

    Refuses what `json.loads` lets through although receivers differ on it: a byte order mark, NaN and infinities,
    numbers that a double can't hold, a name twice in one object, and nesting over 64 levels. Raises JsonTextError,
    which does not count lines in a text that is `one_line`.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise JsonTextError("starts with a byte order mark. Send UTF-8 without one.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _line_and_column(raw[: error.start].decode("utf-8"), one_line)
        raise JsonTextError(f"is not valid UTF-8 (at byte {error.start}, {place}).") from error
    decoder = _decoder()
    try:
        value = decoder.decode(text)
    except RecursionError as error:
        raise JsonTextError(f"is nested over {JSON_LEVELS} levels deep.") from error
    except ValueError as error:
        raise _placed(error, text, decoder, one_line) from error
    if levels_over(value, JSON_LEVELS):
        raise JsonTextError(f"is nested over {JSON_LEVELS} levels deep.")
    return value


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_float)


def _placed(error: ValueError, text: str, decoder: json.JSONDecoder, one_line: bool) -> JsonTextError:
    """The error with its place. What the decoder itself refuses has one; what a hook refuses is looked for."""
    # Imported here, since most texts are right.
    from knowledge.items.json_places import place_in

    place = place_in(text, decoder.raw_decode)
    position = error.pos if isinstance(error, json.JSONDecodeError) else place.position
    if isinstance(error, json.JSONDecodeError):
        message = f"is not valid JSON: {error.msg}"
    else:  # A hook's, or that of an integer of more digits than Python converts.
        message = str(error) if isinstance(error, JsonTextError) else "holds a number that is too long"
    if position is not None:
        message += f" ({_line_and_column(text[:position], one_line)})"
    return JsonTextError(f"{message}.", place)


def _line_and_column(before: str, one_line: bool) -> str:
    column = f"column {len(before) - before.rfind(chr(10))}"
    return column if one_line else f"line {before.count(chr(10)) + 1}, {column}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise JsonTextError(f"is not valid JSON: the name {json.dumps(name)} is twice in one object")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise JsonTextError(f"is not valid JSON: {name} is not a JSON value")


def _float(digits: str) -> float:
    """Read a number with a point or an exponent. One that a double can't hold would come back as another one."""
    number = float(digits)
    if not math.isfinite(number):
        raise JsonTextError("holds a number that is too large")
    mantissa = digits.lower().partition("e")[0].lstrip("-").replace(".", "").strip("0")
    if len(mantissa) > _SURE_DIGITS or (mantissa and abs(number) < _LEAST_NORMAL):
        _check_digits(digits, len(mantissa), number)
    return number


def _check_digits(digits: str, count: int, number: float) -> None:
    """Check that the double is the same number as far as digits were sent: off by half of the last one at most."""
    if number and count <= _MOST_DIGITS:
        # Imported here, since few numbers have so many digits.
        from fractions import Fraction

        mantissa, _, exponent = digits.lower().partition("e")
        whole, _, places = mantissa.partition(".")
        zeros = len(whole + places) - len((whole + places).rstrip("0"))
        last = Fraction(10) ** (int(exponent or 0) - len(places) + zeros)
        if 2 * abs(Fraction(digits) - Fraction(number)) <= last:
            return
    raise JsonTextError("holds a number that a double can't hold: send it as a text, or with fewer digits")


def levels_over(value: Any, levels: int) -> bool:
    """Say whether lists and objects lie in one another over so many levels deep; a list of numbers is one level."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(levels):
        if not level:
            return False
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
    return bool(level)
