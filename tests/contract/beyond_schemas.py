"""What the schemas of requests cannot say, or do not: the only ways in which they differ from what is accepted.

What is no strict JSON (a name twice, more than 64 levels) is refused before any of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# How refusals begin of values that fit the document, and why no schema tells of them; descriptions do.
REFUSED = {
    "must have 1 to 512 bytes of UTF-8": "maxLength counts characters",
    "must have 1 to 1048576 bytes of UTF-8": "maxLength counts characters",
    "must have at most 2048 bytes of UTF-8": "maxLength counts characters",
    "must have at most 16384 bytes as canonical JSON": "no rule of schemas measures an object",
    "must have at most 65536 bytes of UTF-8 together": "no rule of schemas adds up a list",
    "must have at most 2 decimals": "multipleOf is no rule for fractions: 0.29 is no multiple of 0.01 to a computer",
    "must be valid Unicode": "JSON can write a lone surrogate, which no pattern knows",
    "must be an absolute http or https URL": "which hosts and ports there can be is more than a pattern should say",
    "must name the one source": "no rule of schemas makes one field want another",
    "comes with publishing: locked alone": "no rule of schemas makes one field want another",
    "must be in the future": "it depends on when it is read",
    "must be of the years 1 to 9999": "in UTC, and an offset leads beyond them",
    "is also at ": "no rule of schemas compares one field of the entries of a list",
    "a request takes 5000 items and removals": "no rule of schemas adds up two lists",
    "must not be after until": "no rule of schemas compares two parameters",
    "must be less than 62 days before until": "no rule of schemas compares two parameters",
    "is not a cursor that this list returned": "it carries a check of the list that it is from",
}
REFUSED_IN_HEADERS = {
    "is not taken together with If-Match": "no rule of schemas makes one header rule another out",
    "must be *, for what is not there yet": "the same name means another condition where it is read",
    "must be *, or a list of tags in double quotes": "a pattern of header lists is no help to who writes one",
}
REFUSED_BY_SERVICES = {
    "a session has a role or scopes": "no rule of schemas makes one field rule another out",
    "no source of yours": "which sources there are only the tables know",
    "must be given for a browser key": "no rule of schemas makes one field want another",
    "a browser key may have": "no rule of schemas makes one field want another",
    "is for browser keys only": "no rule of schemas makes one field want another",
    "The snapshot names no items": "an empty list is right beside `allowEmpty`, or after other parts",
    "The URL ": "where a webhook may lead is a matter of settings and of names",
    "A filter names at most": "no rule of schemas counts what is in an object",
    "The id of a request must be": "OpenAPI 3.0 has no choice of types that API Gateway would import",
    "The host": "where a webhook may lead is a matter of settings and of names",
    "The port": "where a webhook may lead is a matter of settings and of names",
}


def is_refused_beyond(messages: Sequence[str]) -> bool:
    """Tell whether all that a refusal says is about rules that no schema states."""
    return all(message.startswith((*REFUSED, *REFUSED_IN_HEADERS, *REFUSED_BY_SERVICES)) for message in messages)


def is_accepted_beyond(error: Any) -> bool:
    """Tell whether an error of jsonschema is about a text that is accepted without being promised."""
    text, schema = error.instance, error.schema
    if not isinstance(text, str):
        return False
    if schema.get("type") == "integer":
        # In a query a number may have leading zeros, which no number of JSON has.
        return text.isascii() and text.isdigit()
    # Every form of ISO 8601 with an offset is read, of which RFC 3339 is one.
    return schema.get("format") == "date-time"
