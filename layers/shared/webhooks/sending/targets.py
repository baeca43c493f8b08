"""Which URLs may be called: what can be told from the URL alone, before any name is resolved. Pure.

The URL is taken apart here once, strictly, and nothing else reads it: what was judged is what gets connected to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import quote

from knowledge.limits import WEBHOOK_URL_BYTES

from webhooks.errors import TargetRefusedError
from webhooks.sending.addresses import Address, is_loopback, is_public, parse_address

DEFAULT_PORTS = {"https": 443, "http": 80}

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<path>/[^?]*)?(?P<query>\?.*)?")
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<name>[^\[\]:]*))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What `inet_aton` takes for a number, in a last label too: such a host never is a name.
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
# The two standards for names beyond ASCII disagree on these (ß is ss to one of them), and so about who is meant.
_AMBIGUOUS = frozenset("\u00df\u03c2\u1e9e")
_LOCAL_SUFFIXES = frozenset(
    ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion")
)
_ASCII_IN_PATH = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called, taken apart.

    `host` is ASCII in lower case without a trailing dot, an IPv6 address without brackets; `path` has the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> Address | None:
        """The address that the host is, None when it is a name."""
        return parse_address(self.host)

    @property
    def is_local(self) -> bool:
        """Whether the URL names this machine, which only a local stack allows."""
        return self.host == "localhost" or (self.address is not None and is_loopback(self.address))

    def may_be_at(self, text: str) -> bool:
        """Tell whether the host may have an address, written as a resolver gives it."""
        address = parse_address(text)
        return address is not None and (is_loopback(address) if self.is_local else is_public(address))


def read_target(url: str, *, loopback: bool = False) -> Target:
    """Take a URL apart and judge it, the address included if its host is one.

    `loopback` also allows http and https to loopback addresses and `localhost`, on any port.
    Raises TargetRefusedError.
    """
    _check_characters(url)
    parts = _URL.fullmatch(url)
    if parts is None:
        raise TargetRefusedError("The URL must be absolute and start with https://.")
    scheme = parts["scheme"].lower()
    if scheme != "https" and not (loopback and scheme == "http"):
        raise TargetRefusedError("The URL must start with https://.")
    if "@" in parts["authority"]:
        raise TargetRefusedError("The URL must not hold a user name or password.")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        raise TargetRefusedError("The URL must have a valid host and port.")
    host = _read_name(authority["name"]) if authority["v6"] is None else _read_v6(authority["v6"])
    port = int(authority["port"] or DEFAULT_PORTS[scheme])
    path = quote((parts["path"] or "/") + (parts["query"] or ""), safe=_ASCII_IN_PATH)
    target = Target(scheme, host, port, path)
    _judge(target, loopback=loopback)
    return target


def _check_characters(url: str) -> None:
    try:
        size = len(url.encode())
    except UnicodeEncodeError:
        raise TargetRefusedError("The URL must be valid Unicode.") from None
    if size > WEBHOOK_URL_BYTES:
        raise TargetRefusedError(f"The URL must have at most {WEBHOOK_URL_BYTES} bytes.")
    if not url.isprintable() or any(character.isspace() for character in url):
        raise TargetRefusedError("The URL must not hold spaces, control characters or invisible ones.")
    if "\\" in url:
        raise TargetRefusedError("The URL must not hold a backslash.")
    if "#" in url:
        raise TargetRefusedError("The URL must not have a fragment (#).")


def _read_v6(text: str) -> str:
    address = parse_address(text) if ":" in text else None
    if address is None:
        raise TargetRefusedError("The URL must have a valid IPv6 address, without a zone, between its brackets.")
    return str(address)


def _read_name(text: str) -> str:
    """Read a host that is no IPv6 address: a name, or IPv4 in its usual spelling."""
    if "%" in text:
        raise TargetRefusedError("The host must not be percent-encoded.")
    if not _AMBIGUOUS.isdisjoint(text):
        raise TargetRefusedError("The host must be written in its ASCII form (xn--...): it can be read in two ways.")
    try:
        # Also maps full-width letters, digits and dots to the ASCII that a resolver would see.
        host = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise TargetRefusedError("The URL must have a valid host.") from None
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _read_v4(labels)
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise TargetRefusedError("The URL must have a valid host.")
    return host


def _read_v4(labels: list[str]) -> str:
    """Read IPv4 as `inet_aton` does, so that a private address is called that; an unusual spelling never passes."""
    address = parse_address(".".join(labels)) or _lax_v4(labels)
    if address is None:
        raise TargetRefusedError("The URL must have a valid host.")
    if is_public(address) and str(address) != ".".join(labels):
        raise TargetRefusedError("The address must be written as four decimal numbers without leading zeros.")
    if str(address) != ".".join(labels):
        raise _not_public()
    return str(address)


def _lax_v4(labels: list[str]) -> IPv4Address | None:
    """Read one to four numbers, octal after 0 and hexadecimal after 0x, of which the last fills what is left."""
    try:
        numbers = [_number(label) for label in labels]
    except ValueError:
        return None
    *heads, last = numbers
    if len(numbers) > 4 or any(head > 255 for head in heads) or last >= 256 ** (5 - len(numbers)):
        return None
    return IPv4Address(sum(head << (24 - 8 * index) for index, head in enumerate(heads)) + last)


def _number(label: str) -> int:
    if not _NUMBER.fullmatch(label) or len(label) > 40:
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)


def _judge(target: Target, *, loopback: bool) -> None:
    if not 0 < target.port <= 65535:
        raise TargetRefusedError("The URL must have a valid host and port.")
    if loopback and target.is_local:
        return
    if target.scheme != "https":
        raise TargetRefusedError("The URL must start with https://.")
    if not (target.port == 443 or target.port > 1024):
        raise TargetRefusedError("The port must be 443, 8443 or above 1024.")
    if target.address is not None:
        if not is_public(target.address):
            raise _not_public()
        return
    labels = target.host.split(".")
    if len(labels) == 1 or labels[-1] in _LOCAL_SUFFIXES:
        raise TargetRefusedError("The host must be a full name on the public internet.")


def _not_public() -> TargetRefusedError:
    return TargetRefusedError("The host must have public addresses only.")
