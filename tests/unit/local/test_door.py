"""Who may come in at the stack's ports."""

from __future__ import annotations

import pytest

from local.door import AccessKey, Door, new_access_key
from local.emulators.doorkeeper import hidden_address

DOOR = Door(AccessKey("LOCALKEY", "secret"), 8787, ("172.17.0.1",))


@pytest.mark.parametrize(
    "host", ["127.0.0.1:5000", "localhost:5000", "LOCALHOST:5000", "[::1]:5000", "172.17.0.1:5000"]
)
def test_names_of_this_machine_are_known(host: str) -> None:
    assert DOOR.knows_host(host, 5000)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "127.0.0.1",
        "127.0.0.1:5001",
        "evil.example:5000",
        "127.0.0.1.evil.example:5000",
        "127.0.0.1:5000.evil.example",
        "172.17.0.2:5000",
        "127.0.0.1:5000\nevil.example",
    ],
)
def test_other_names_are_not(host: str | None) -> None:
    assert not DOOR.knows_host(host, 5000)


@pytest.mark.parametrize(
    ("origin", "known"),
    [
        (None, True),
        ("http://127.0.0.1:8787", True),
        ("http://localhost:8787", True),
        ("https://127.0.0.1:8787", False),
        ("http://127.0.0.1:5000", False),
        ("http://172.17.0.1:8787", False),
        ("http://localhost:87870", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_pages_are_known_by_the_port_of_the_front(origin: str | None, known: bool) -> None:
    assert DOOR.knows_origin(origin) is known


@pytest.mark.parametrize(
    ("authorization", "known"),
    [
        ("Bearer LOCALKEY", True),
        (
            "AWS4-HMAC-SHA256 Credential=LOCALKEY/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
            True,
        ),
        (None, False),
        ("", False),
        ("Bearer", False),
        ("Bearer LOCAL", False),
        ("Bearer LOCALKEYS", False),
        ("Bearer LOCALK\u0178", False),
        (
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
            False,
        ),
    ],
)
def test_key_is_a_whole_word(authorization: str | None, known: bool) -> None:
    assert Door(DOOR.key, DOOR.front).knows_key(authorization) is known


@pytest.mark.parametrize(
    ("authorization", "known"),
    [
        ("AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0", True),
        ("Bearer LOCALKEY", True),
        (None, False),
        ("", False),
        ("Bearer none", False),
        # What a link of a page can say: http://AWS4-HMAC-SHA256:none@127.0.0.1:5000/
        ("Basic QVdTNC1ITUFDLVNIQTI1Njpub25l", False),
        ("Basic AWS4-HMAC-SHA256 ", False),
    ],
)
def test_beside_containers_a_signature_is_enough(authorization: str | None, known: bool) -> None:
    assert DOOR.knows_key(authorization) is known


def test_each_start_has_a_key_and_an_address_of_its_own() -> None:
    keys = {new_access_key() for _ in range(50)}
    assert len({key.key_id for key in keys}) == len({key.secret for key in keys}) == 50
    assert all(key.secret not in repr(key) for key in keys)
    assert len({hidden_address() for _ in range(50)}) > 45
