"""Requests that are cut off at any of their AWS calls, and sent again; on Dynoxide, whose transactions hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import boto3
from knowledge.storage.clients import Clients

from testing.edge import Edge, Reply
from testing.faults import Crash, Faults, Way

# Each stands for others that look the same from here: before the call, after it with the caller dead or alive, twice.
WAYS = (Way.DIE_BEFORE, Way.DIE_AFTER, Way.ANSWER_LOST, Way.REPEATED)


class Watched:
    """An edge whose every AWS call but KMS's is watched; its requests in progress are forgotten at once."""

    def __init__(self, resources: Any) -> None:
        self.edge = Edge(resources, dict(os.environ), clients=Clients(), remaining=1)
        sealing = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
        self.watch = Faults()
        bare = self.edge.clients
        self.edge.clients = self.watch.clients(bare.dynamodb, bare.s3)
        self.edge.clients.kms = bare.kms
        self.edge.services = self.edge.make_services(idempotency_key_id=sealing)

    def admin(self) -> str:
        """Make a tenant, without being watched for it."""
        admin = self.edge.bootstrap()
        self.watch.calls.clear()
        return admin


def cases(watched: Watched, request: Callable[[str], Reply], every: int = 1) -> Iterator[tuple[str, Reply]]:
    """Send the request of a new tenant once for each call it makes and each way in which that can fail, and again.

    Of these cases one in `every` is carried out. Yields the tenant's admin key and the answer to the retry.
    """
    request(watched.admin())
    calls = len(watched.watch.calls)
    assert calls >= 5
    for number, way in list(product(range(calls), WAYS))[::every]:
        admin = watched.admin()
        watched.watch.arm(number, way)
        with suppress(Crash):
            request(admin)
        assert watched.watch.fired is not None
        watched.watch.disarm()
        yield admin, request(admin)
