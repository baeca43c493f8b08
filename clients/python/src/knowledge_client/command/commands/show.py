"""`kb show`: a generation, a run, or an item as it is served and as it is staged. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from knowledge_client import KnowledgeClient, NotFoundError, models
from knowledge_client.command.changing import change_lines, counted
from knowledge_client.command.choosing import chosen_source, source_option
from knowledge_client.command.exits import Exit
from knowledge_client.command.large_items import with_text
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.session import Session, open_session

_DETAILS = ("url", "language", "tags", "contentType", "metadata")


@click.command(short_help="A generation, a run, or an item.")
@click.argument("what", metavar="gen_...|run_...|ITEM")
@click.option("--item", "is_item", is_flag=True, help="It is an item, though its id looks like another one.")
@source_option
@common_options
@pass_options
def show(options: Options, what: str, is_item: bool, source_id: str | None) -> int:
    """Show a generation and what it changed, a run and what it would change, or an item as served and as staged."""
    with open_session(options) as session:
        source = chosen_source(session, source_id)
        if what.startswith("gen_") and not is_item:
            return _generation(session, source["id"], what)
        if what.startswith("run_") and not is_item:
            return _run(session, source["id"], what)
        return _item(session, source["id"], what)


def _generation(session: Session, source_id: str, generation_id: str) -> int:
    generation = session.client.generations.get(source_id, generation_id)
    base = generation["baseGenerationId"]
    changes: list[models.GenerationChange] | None = None
    if base is not None and generation["retiredAt"] is None:
        try:
            changes = list(session.client.generations.changes(source_id, generation_id, since_generation=base))
        except NotFoundError:
            # The one before is not kept any more.
            changes = None
    session.out.tell({"generation": generation, "changes": changes}, _generation_lines(generation, changes))
    return Exit.DONE


def _generation_lines(generation: models.Generation, changes: list[models.GenerationChange] | None) -> Iterator[Line]:
    yield styled((generation["id"], "bold"), f"  generation {generation['sequence']}, by a {generation['origin']}")
    yield from _made(generation, "published", generation["publishedAt"])
    yield styled(f"serves {generation['counts']['total']} items, {generation['contentBytes']} bytes")
    if changes is None:
        yield styled(("What it changed is not kept.", "dim"))
    else:
        yield from change_lines(changes)


def _run(session: Session, source_id: str, run_id: str) -> int:
    run = session.client.runs.get(source_id, run_id)
    planned = run["state"] in {"ready", "applying", "published"}
    changes = list(session.client.runs.changes(source_id, run_id)) if planned else None
    session.out.tell({"run": run, "changes": changes}, _run_lines(run, changes))
    return Exit.DONE


def _run_lines(run: models.Run, changes: list[models.RunChange] | None) -> Iterator[Line]:
    yield styled((run["id"], "bold"), f"  {run['state']}, plan {run['planVersion']}")
    yield from _made(run, "made", run["createdAt"])
    error = run["lastError"]
    if error is not None:
        yield styled((f"{error['message']} ({error['code']})", "red"))
    if not run["applyEligible"] and run["state"] == "ready":
        yield styled((f"can't be applied: {run.get('reason') or 'it is not complete'}", "yellow"))
    if changes is not None:
        yield from change_lines(changes)
        yield styled((f"Plan: {counted(changes)}.", "bold"))


def _made(thing: Mapping[str, Any], how: str, when: str) -> Iterator[Line]:
    author = thing.get("createdBy")
    by = f" by {author['name']} ({author['keyId']})" if author else ""
    yield styled(f"{how} {when}{by}")
    if thing.get("message"):
        yield styled(f"why: {thing['message']}")


def _item(session: Session, source_id: str, name: str) -> int:
    served, staged = _served(session.client, source_id, name), _staged(session.client, source_id, name)
    if served is None and staged is None:
        # Says it in the words of the API.
        session.client.items.get(source_id, name)
    # What was removed for good has no text.
    is_same = (
        served is not None
        and staged is not None
        and (served["contentHash"], served["removedAt"]) == (staged["contentHash"], staged["removedAt"])
    )
    document = {"externalItemId": name, "same": is_same, "served": served, "staged": staged}
    session.out.tell(document, _item_lines(name, served, staged, is_same=is_same))
    return Exit.DONE


def _served(client: KnowledgeClient, source_id: str, name: str) -> models.GenerationItem | None:
    try:
        item = client.generations.item(source_id, name)
    except NotFoundError:
        return None
    return with_text(item, client.generations.items(source_id, prefix=name, with_content=True))


def _staged(client: KnowledgeClient, source_id: str, name: str) -> models.Item | None:
    try:
        item = client.items.get(source_id, name)
    except NotFoundError:
        return None
    return with_text(item, client.items.list(source_id, prefix=name, with_content=True))


def _item_lines(
    name: str, served: Mapping[str, Any] | None, staged: Mapping[str, Any] | None, *, is_same: bool
) -> Iterator[Line]:
    if is_same and served is not None:
        yield from _side(name, "is served, and staged, so", served)
        return
    if served is None:
        yield styled((f"{name} is not served", "yellow"))
    else:
        yield from _side(name, "is served so", served)
        yield ""
    if staged is None:
        yield styled((f"{name} is not staged", "yellow"))
    elif staged.get("state") == "tombstoned":
        yield styled((f"{name} was removed {staged['removedAt']}", "yellow"))
    else:
        yield from _side(name, "is staged so", staged)


def _side(name: str, how: str, item: Mapping[str, Any]) -> Iterator[Line]:
    yield styled((name, "bold"), f"  {how}")
    yield styled(f"{'title':<11} {item['title']}")
    for detail in _DETAILS:
        if item.get(detail):
            yield styled(f"{detail:<11} {_written(item[detail])}")
    yield styled(f"{'hash':<11} {item['contentHash']}, {item['contentBytes']} bytes")
    if item["removedAt"] is not None:
        yield styled((f"{'removed':<11} {item['removedAt']}; it is served until its days of grace are over", "yellow"))
    yield ""
    for line in str(item.get("content", "")).splitlines():
        yield styled(line.expandtabs())


def _written(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
