"""Stops what removes more than somebody meant it to. Pure."""

from __future__ import annotations

from knowledge_client.command.comparing import Comparison
from knowledge_client.command.exits import StoppedError


def check_removals(comparison: Comparison, approved: int | None) -> None:
    """Raise StoppedError when more goes than the share that needs no approval, and than was approved."""
    plan = comparison.plan
    if plan.is_approved(approved):
        return
    names = [each.served.external_item_id for each in plan.remove]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    refuse_removals(plan.approval, f" of {len(comparison.served)} items ({', '.join(names[:3])}{more})")


def refuse_removals(removals: int, which: str) -> None:
    """Raise the StoppedError of removals that nobody approved."""
    raise StoppedError(
        f"it would remove {removals}{which}, more than may go without approval; nothing was published",
        code="removal_guard",
        next_step=f"Look at them with kb diff. If that is meant: --approve-removals {removals}.",
    )
