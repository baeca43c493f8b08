"""How many posts of a tenant are under way at once, so that no tenant's receivers take the sender from the others.

A tenant has a few slots, in one row of the Catalog. Whoever attempts a delivery takes one for it, by one write that
also sees to it that no other attempt of the same delivery is under way, nor, if the endpoint is paced, of the same
endpoint.

message A   take -> read the delivery -> POST -> record -> give back
message B   refused: the delivery has a slot, or all slots are taken
A dies      its slot is free again when its lease has run out, and its message comes back later than that
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from knowledge.storage.catalog import Catalog, RefusedWriteError

from webhooks.deliveries.queue import Message

SLOTS = 5
"""Posts of a tenant at once, a quarter of what the template lets be under way at once of all."""

PACED_SLOTS = 3
"""How many of them endpoints that are slow or failing may hold, so that a tenant's own others have the rest."""

LEASE_MS = 60_000
"""Longer than the function lives, and shorter than it takes for a message to come back."""

_ROW = "delivery_slots"


class NoSlotError(Exception):
    """Raised when all slots of a tenant are taken."""


class EndpointTakenError(Exception):
    """Raised when a paced endpoint has an attempt under way."""


class DeliveryTakenError(Exception):
    """Raised when an attempt of the same delivery is under way, or was by somebody who died."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that is taken until its lease runs out."""

    tenant_id: str
    number: int
    delivery_id: str
    until: int


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of all tenants."""

    catalog: Catalog

    def take_slot(self, message: Message, now: int, *, paced: bool) -> Slot:
        """Take a slot for a message's delivery. Raises NoSlotError, EndpointTakenError and DeliveryTakenError."""
        usable = PACED_SLOTS if paced else SLOTS
        free = list(range(usable))
        # Where two begin to look differs, so that they seldom want the same.
        place = zlib.crc32(message.delivery_id.encode())
        for _ in range(SLOTS):
            number = free[place % len(free)]
            try:
                self._take(message, number, now, paced=paced)
            except RefusedWriteError as refusal:
                taken = _taken(refusal.row or {}, now)
                if any(row["delivery"] == message.delivery_id for row in taken.values()):
                    raise DeliveryTakenError from refusal
                if paced and any(row["webhook"] == message.endpoint_id for row in taken.values()):
                    raise EndpointTakenError from refusal
                free = [number for number in range(usable) if number not in taken]
                if not free:
                    raise NoSlotError from refusal
                continue
            return Slot(message.tenant_id, number, message.delivery_id, now + LEASE_MS)
        raise NoSlotError

    def free_slot(self, slot: Slot) -> None:
        """Free a slot, if it is still ours."""
        names = ", ".join(f"{name}{slot.number}" for name in ("until", "webhook", "delivery"))
        mine = f"until{slot.number} = :until AND delivery{slot.number} = :delivery"
        with suppress(RefusedWriteError):
            self.catalog.update(
                slot.tenant_id, _ROW, f"REMOVE {names}", mine, {":until": slot.until, ":delivery": slot.delivery_id}
            )

    def _take(self, message: Message, number: int, now: int, *, paced: bool) -> None:
        no_other = [_is_another(each, paced=paced) for each in range(SLOTS) if each != number]
        self.catalog.update(
            message.tenant_id,
            _ROW,
            f"SET until{number} = :until, webhook{number} = :webhook, delivery{number} = :delivery",
            " AND ".join(f"({condition})" for condition in (_is_free(number), *no_other)),
            {
                ":until": now + LEASE_MS,
                # Only who must be alone at its endpoint compares it, but all write it.
                ":webhook": message.endpoint_id,
                ":delivery": message.delivery_id,
                ":now": now,
            },
        )


def _is_free(number: int) -> str:
    return f"attribute_not_exists(until{number}) OR until{number} <= :now"


def _is_another(number: int, *, paced: bool) -> str:
    """That a slot is not taken by what must not be under way twice."""
    another = f"delivery{number} <> :delivery" + (f" AND webhook{number} <> :webhook" if paced else "")
    return f"{_is_free(number)} OR ({another})"


def _taken(row: Mapping[str, Any], now: int) -> dict[int, dict[str, str]]:
    """The slots that are taken, by number."""
    return {
        number: {"webhook": row[f"webhook{number}"], "delivery": row[f"delivery{number}"]}
        for number in range(SLOTS)
        if row.get(f"until{number}", 0) > now
    }
