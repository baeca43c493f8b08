"""The text of an API key: `sk_live_<16 base62 key id>_<43 base62 secret><6 base62 CRC-32>`, `pk_` for web pages.

That of a portal session is alike and begins with `ps_`, that of a sign-in link with `pc_`; they have ids of their own.

The fixed prefix and the checksum let secret scanners recognise a key, and let us refuse a mistyped one without a
database read. The checksum covers everything before it; the stored hash covers the whole text.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

from knowledge.environments import Environment

from httpapi.errors import InvalidKeyError
from httpapi.keys.model import KeyKind

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
KEY_ID_LENGTH = 16
SECRET_LENGTH = 43  # 43 base62 digits hold 256 bits, so a plain SHA-256 needs neither salt nor stretching.
CHECKSUM_LENGTH = 6
KEY_ID_PATTERN = r"^[0-9A-Za-z]{16}$"
_KEY_ID = re.compile(KEY_ID_PATTERN[1:-1], re.ASCII)
# What a web ACL can tell of a key, too: all but whether its checksum is right.
WELL_FORMED = r"(?:[ps]k|p[cs])_(?:live|test)_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}"
_TOKEN = re.compile(WELL_FORMED, re.ASCII)
_BEGINNINGS = {KeyKind.SECRET: "sk", KeyKind.BROWSER: "pk"}
_SESSION, _LINK = "ps", "pc"


@dataclass(frozen=True, slots=True)
class Token:
    """A key's text with the id it names; the text never shows in a repr."""

    key_id: str
    text: str = field(repr=False)

    @property
    def of_link(self) -> bool:
        """True for the text of a sign-in link, whose id it names then."""
        return self.text.startswith(f"{_LINK}_")

    @property
    def of_session(self) -> bool:
        """True for the text of a portal session, whose id it names then."""
        return self.text.startswith(f"{_SESSION}_")

    def hash(self) -> str:
        """Return what is stored in place of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def matches(self, secret_hash: str) -> bool:
        """Compare with a stored hash in constant time."""
        return hmac.compare_digest(self.hash(), secret_hash)


def mint(environment: Environment, key_id: str, kind: KeyKind = KeyKind.SECRET) -> Token:
    """Make the text of a new key from the system's random source."""
    return _mint(_BEGINNINGS[kind], environment, key_id)


def mint_session(environment: Environment, session_id: str) -> Token:
    """Make the text of a new portal session."""
    return _mint(_SESSION, environment, session_id)


def mint_link(environment: Environment, link_id: str) -> Token:
    """Make the text of a new sign-in link."""
    return _mint(_LINK, environment, link_id)


def _mint(beginning: str, environment: Environment, key_id: str) -> Token:
    secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    stem = f"{beginning}_{environment}_{key_id}_{secret}"
    return Token(key_id, stem + checksum(stem))


def parse(text: str) -> Token:
    """Read a key's text, checksum included. Raises InvalidKeyError."""
    stem, check = text[:-CHECKSUM_LENGTH], text[-CHECKSUM_LENGTH:]
    if not _TOKEN.fullmatch(text) or checksum(stem) != check:
        raise InvalidKeyError
    return Token(stem.split("_")[2], text)


def checksum(stem: str) -> str:
    """Return the CRC-32 of a key's text before its checksum, as six base62 digits."""
    return _base62(zlib.crc32(stem.encode()), CHECKSUM_LENGTH)


def new_key_id() -> str:
    """Make a random key id."""
    return "".join(secrets.choice(ALPHABET) for _ in range(KEY_ID_LENGTH))


def derived_key_id(line_id: str, idempotency_key: str) -> str:
    """Make the key id that belongs to an Idempotency-Key of a rotation line."""
    digest = hashlib.sha256(f"key\0{line_id}\0{idempotency_key}".encode()).digest()
    return _base62(int.from_bytes(digest, "big"), KEY_ID_LENGTH)


def is_key_id(text: str) -> bool:
    """Say whether a text has the shape of a key id."""
    return _KEY_ID.fullmatch(text) is not None


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
