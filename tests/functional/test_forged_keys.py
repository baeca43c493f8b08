"""Keys that nobody made, and retries of requests that were another's: neither gets anything of anybody."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Iterator

from httpapi.keys.tokens import checksum

from testing.edge import Edge

COUNT = int(os.environ.get("FORGED_KEYS", "100"))
_STRANGE = "\x00\t \x7fé\u017f😀'\"<>&%#;|\u2028"
_ALPHABET = string.ascii_letters + string.digits


def forged_keys(chance: random.Random, keys: list[str]) -> Iterator[str]:
    """Texts that are nearly keys: some have the right checksum, some the id of a key that is there."""
    while True:
        key = chance.choice(keys)
        way = chance.randrange(8)
        place = chance.randrange(len(key))
        if way == 0:
            yield key[:place] + chance.choice(_ALPHABET + _STRANGE) + key[place + 1 :]
        elif way == 1:
            yield key[:place]
        elif way == 2:
            yield key + chance.choice(_ALPHABET + _STRANGE)
        elif way == 3:
            # The right checksum over another secret of the same key.
            stem = key[:25] + "".join(chance.choices(_ALPHABET, k=43))
            yield stem + checksum(stem)
        elif way == 4:
            # The right checksum over the secret of one key with the id of another.
            stem = key[:25] + chance.choice(keys)[25:68]
            yield stem + checksum(stem)
        elif way == 5:
            yield key.swapcase()
        elif way == 6:
            stem = key[:-6].replace("sk_live_", "sk_test_")
            yield stem + checksum(stem)
        else:
            yield "".join(chance.choices(_ALPHABET + "_" + _STRANGE, k=chance.randrange(1, 200)))


def test_forged_keys_open_nothing_and_nothing_fails(edge: Edge) -> None:
    chance = random.Random(19)
    keys = [edge.token, edge.admin, edge.key(edge.bootstrap())]
    made = forged_keys(chance, keys)
    for _ in range(COUNT):
        key = next(made)
        if key in keys:
            continue
        header = {"Authorization": chance.choice(["Bearer ", "bearer ", "Bearer  ", "Basic ", ""]) + key}
        reply = edge.request("GET", "/v1/sources", headers=header, check=False)
        # White space around a key is none of it.
        if key.strip() in keys and header["Authorization"].lower().startswith("bearer"):
            continue
        assert (reply.status, reply.code) in {(401, "invalid_key"), (401, "unauthorized")}, key
        assert "ratelimit-limit" not in reply.headers


def test_retries_of_others_get_nothing_of_theirs(edge: Edge) -> None:
    """A key of the same tenant and one of another guess the Idempotency-Keys of a third, some with its bodies."""
    chance = random.Random(23)
    names = [f"job-{number}" for number in range(20)]
    mine = edge.key(edge.admin, name="mine")
    theirs: dict[str, str] = {}
    for name in names:
        reply = edge.request("POST", "/v1/sources", {"name": f"secret of {name}"}, key=mine, headers=as_retry(name))
        theirs[name] = reply.body["source"]["id"]
    others = [edge.key(edge.admin, name="beside"), edge.key(edge.bootstrap(), name="elsewhere")]
    seen: set[str] = set()
    for number in range(COUNT):
        key, name = others[number % 2], chance.choice(names)
        body = {"name": f"secret of {name}" if chance.random() < 0.5 else f"guess {number}"}
        edge.clock.now += 20
        reply = edge.request("POST", "/v1/sources", body, key=key, headers=as_retry(name), check=False)
        assert reply.status in {201, 409}, reply.text
        if reply.status == 409:
            assert reply.code == "idempotency_conflict", "the guesser's own name, for another body"
        else:
            assert reply.body["source"]["id"] not in theirs.values()
            assert reply.body["source"]["name"] == body["name"]
            seen.add(reply.body["source"]["id"])
    assert len(seen) <= 2 * len(names)
    for name in names:
        again = edge.request("POST", "/v1/sources", {"name": f"secret of {name}"}, key=mine, headers=as_retry(name))
        assert again.body["source"]["id"] == theirs[name]


def as_retry(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}
