"""Conditions on a source's row that more than one store writes under, which gives the values they name."""

from __future__ import annotations

ACTIVE = "#status = :active"
# The snapshot, or the import that stages, which keeps runs incomplete; at most one is open.
NONE_OPEN = "attribute_not_exists(openSnapshotId)"
THIS_ONE_OPEN = "openSnapshotId = :id"
# The epoch before the one that this write begins.
EPOCH_BEFORE = "epoch = :before"
# The import whose turn it is, from its first line to the end of its apply.
OWN_TURN = "importId = :id"
# Of `:deleting`; a source that is being deleted never comes back.
NOT_DELETING = "#status <> :deleting"
PUBLISHING_OPEN = "attribute_not_exists(publishLock)"
NO_ERASURE_OPEN = "attribute_not_exists(erasureId)"


def same_erasures(erasures: int) -> str:
    """The condition that no erasure was opened since the erasure epoch was read; it is `:erasures`, if not 0."""
    return "erasureEpoch = :erasures" if erasures else "attribute_not_exists(erasureEpoch)"
