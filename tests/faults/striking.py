"""Cases of a fault: each call of an operation, in each way; a share of them by a seed, or the one that is named."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from knowledge.errors import KnowledgeError

from testing.faults import Call, Crash, Way
from tests.faults import settings

FAILURES = (Crash, KnowledgeError, BotoCoreError, ClientError)
"""What a request may end with that was struck, or that others got in the way of."""


def strike_everywhere(
    name: str, calls: Sequence[Call], strike: Callable[[int, Way], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Carry out the chosen cases, print how many there are and were run, and fail with those that failed."""
    cases = [(number, way) for number in range(len(calls)) for way in Way]
    failures = []
    ran = 0
    for number, way in _chosen(name, cases):
        ran += 1
        try:
            strike(number, way)
        except Exception as error:
            failures.append(f"FAULTS_CASE={name}:{number}:{way} ({calls[number]}): {error!r}")
    with capsys.disabled():
        sys.stdout.write(f"\n  {name}: {len(calls)} calls, {ran} of {len(cases)} cases ")
    assert not failures, "\n".join([f"{len(failures)} of {ran} cases failed", *failures])


def _chosen(name: str, cases: list[tuple[int, Way]]) -> Iterator[tuple[int, Way]]:
    if settings.CASE is not None:
        named, number, way = settings.CASE.split(":")
        return iter([(int(number), Way(way))] if named == name else [])
    dice = random.Random(f"{settings.SEED} {name}")
    return iter([case for case in cases if dice.random() < settings.SHARE] or [dice.choice(cases)])
