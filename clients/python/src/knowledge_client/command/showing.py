"""A comparison and a run as lines for people and as documents for programs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from knowledge_client import models
from knowledge_client.command.changing import ADDED, CHANGED, MARKS, REMOVED
from knowledge_client.command.comparing import Comparison
from knowledge_client.command.exits import Exit
from knowledge_client.command.output import Line, styled
from knowledge_client.folder import Plan

RENAMED = "cyan"
Texts = Mapping[str, Sequence[Line]]
_NONE: Texts = {}


def exit_of(plan: Plan, approved: int | None = None) -> Exit:
    """Return how `diff` and `plan` end: with 3 for a problem or the guard, 2 for changes, else 0."""
    if plan.problems or not plan.is_approved(approved):
        return Exit.PROBLEMS
    return Exit.DONE if plan.is_empty else Exit.CHANGES


def document_of(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison for programs."""
    plan = comparison.plan
    return {
        "sourceId": comparison.source and comparison.source["id"],
        "generationId": comparison.generation_id,
        "added": [{"id": each.external_item_id, "title": each.title, "url": each.url} for each in plan.add],
        "changed": [{"id": each.document.external_item_id, "restored": each.restored} for each in plan.change],
        "renamed": [
            {"from": each.served.external_item_id, "id": each.document.external_item_id} for each in plan.rename
        ],
        "removed": [{"id": each.served.external_item_id, "reason": each.reason} for each in plan.remove],
        "kept": [{"id": each.served.external_item_id, "reason": each.reason} for each in plan.keep],
        "unchanged": plan.unchanged,
        "approvalNeeded": plan.approval,
        **problems_of(plan),
    }


def problems_of(plan: Plan) -> dict[str, Any]:
    """Return what is told of files beside what becomes of items."""
    return {
        "problems": [asdict(each) for each in plan.problems],
        "leftOut": [asdict(each) for each in plan.left_out],
        "notices": [{"id": name, "notice": notice} for name, notice in plan.notices],
    }


def comparison_lines(comparison: Comparison, texts: Texts = _NONE) -> Iterator[Line]:
    """Yield what publishing the folder would change of what is served. `texts` are lines below an item's own, by id."""
    plan = comparison.plan
    yield from source_lines(comparison)
    for change in plan.change:
        name = change.document.external_item_id
        yield styled((f"~ {name}", CHANGED), "  comes back" if change.restored else "")
        yield from texts.get(name, ())
    for document in plan.add:
        yield styled((f"+ {document.external_item_id}", ADDED), f"  {document.title}")
    for rename in plan.rename:
        yield _rename_line(comparison, rename.served.external_item_id, rename.document.external_item_id)
    for removal in plan.remove:
        yield styled((f"- {removal.served.external_item_id}", REMOVED), f"  {removal.reason}{_grace(comparison)}")
    yield from problem_lines(plan)
    counts = [
        (len(plan.add), "to add"),
        (len(plan.change), "to change"),
        (len(plan.rename), "to rename"),
        (len(plan.remove), "to remove"),
    ]
    yield summary(counts, plan)


def run_lines(comparison: Comparison, changes: Iterable[models.RunChange], texts: Texts = _NONE) -> Iterator[Line]:
    """Yield what a run would publish, from its own changes; a rename of the folder is one."""
    plan = comparison.plan
    sides = {each.served.external_item_id: each.document.external_item_id for each in plan.rename}
    listed = {each["externalItemId"]: each for each in changes}
    renamed = {old: new for old, new in sides.items() if old in listed and new in listed}
    reasons = {each.served.external_item_id: f"  {each.reason}" for each in plan.remove}
    counts = {"to add": 0, "to change": 0, "to rename": len(renamed), "to remove": 0}
    yield from source_lines(comparison)
    for name, change in sorted(listed.items()):
        if name in renamed:
            yield _rename_line(comparison, name, renamed[name])
        elif name not in renamed.values():
            mark, style = MARKS[change["change"]]
            what = {"+": "to add", "~": "to change", "-": "to remove"}[mark]
            counts[what] += 1
            fields = f"  {', '.join(change['fields'])}" if change["change"] == "updated" else ""
            gone = f"{reasons.get(name, '')}{_grace(comparison)}"
            shown = f"  {change['title']}" if mark == "+" else gone if mark == "-" else fields
            yield styled((f"{mark} {name}", style), shown)
            yield from texts.get(name, ())
    yield from problem_lines(plan)
    yield summary([(count, what) for what, count in counts.items()], plan)


def source_lines(comparison: Comparison) -> Iterator[Line]:
    """Yield what the folder is compared with."""
    source = comparison.source
    if source is None:
        yield styled(("Nothing is published yet", "bold"), "; the source will be made by kb push, plan or apply.")
        return
    served = f"generation {source['sequence']}, {len(comparison.served)} items, since {source.get('lastPublishedAt')}"
    told = "nothing is served yet" if source["generationId"] is None else f"served: {served}"
    yield styled((source["name"], "bold"), f" ({source['id']})  {told}")


def problem_lines(plan: Plan) -> Iterator[Line]:
    """Yield a line for each problem, for each page that its author holds back, and for what was left out of an item."""
    kept: dict[str, list[str]] = defaultdict(list)
    for each in plan.keep:
        kept[each.path].append(each.served.external_item_id)
    for problem in plan.problems:
        stays = _stays(problem.path, kept[problem.path])
        yield styled((f"! {problem.path or 'the folder'}", "bold red"), f"  {problem.reason}{stays}")
    if plan.problems:
        yield styled(("  Mend them, or name them in exclude of kb.toml, which removes what is served of them.", "dim"))
    for left_out in plan.left_out:
        if left_out.why == "held back":
            yield styled((f". {left_out.path}  {left_out.reason}, left out", "dim"))
    for name, notice in plan.notices:
        yield styled((f"? {name}", CHANGED), f"  {notice}")


def _stays(path: str, kept: Sequence[str]) -> str:
    if len(kept) > 1:
        return f": {len(kept)} items below it are kept as they are served"
    return f": {'' if kept == [path] else f'{kept[0]} is '}kept as it is served" if kept else ""


def summary(counts: Iterable[tuple[int, str]], plan: Plan) -> Line:
    """Return the line that says how much it is."""
    told = [f"{count} {what}" for count, what in counts if count] or ["0 changes"]
    if plan.problems:
        told.append(f"{len(plan.problems)} problem{'s' if len(plan.problems) > 1 else ''}")
    line = f"Plan: {', '.join(told)}; {plan.unchanged} unchanged."
    if plan.approval:
        line += f" Removals need --approve-removals {plan.approval}."
    return styled((line, "bold"))


def _rename_line(comparison: Comparison, old: str, new: str) -> Line:
    return styled((f"> {old} -> {new}", RENAMED), _grace(comparison, f" as {old}"))


def _grace(comparison: Comparison, name: str = "") -> str:
    days = comparison.source["graceDays"] if comparison.source else 0
    return f", served{name} for {days} days more" if days else ""
