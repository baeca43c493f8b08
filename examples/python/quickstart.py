"""A walk through the Developer API: pushes a help centre, publishes it, removes an article, publishes that.

    export CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
    python quickstart.py

Needs Python 3.11 and knowledge-client.
"""

from __future__ import annotations

import itertools
import sys
import uuid

from knowledge_client import KnowledgeClient, KnowledgeError
from knowledge_client.models import ItemInput

REFUNDS: ItemInput = {
    "externalItemId": "faq/Rückgabe & refunds? 100% #1",
    "title": "Refunds",
    "content": "Refunds take 14 days.",
    "language": "en",
    "tags": ["orders"],
}


def guide(number: int) -> ItemInput:
    """Write one of the guides, over 1 KB of Markdown."""
    steps = "".join(f"{step}. Do what step {step} of guide {number} asks you to do.\n" for step in range(1, 31))
    return {
        "externalItemId": f"guide-{number:03}",
        "title": f"Guide {number}",
        "content": f"# Guide {number}\n\n{steps}",
        "contentType": "text/markdown",
        "url": f"https://help.example.com/guides/{number}",
    }


def publish(client: KnowledgeClient, source_id: str) -> str:
    """Run, show what would change, apply; returns the id of the generation that is served from now on."""
    run = client.runs.start(source_id)
    print(f"run {run['id']}: {run['counts']}")
    for change in itertools.islice(client.runs.changes(source_id, run["id"]), 3):
        print(f"  {change['change']} {change['externalItemId']}")
    # What was just shown, or nothing: a run that was planned again since is refused.
    applied = client.runs.apply(source_id, run["id"], planVersion=run["planVersion"])
    print(f"  {applied['status']} as {applied['generationId']}")
    return applied["generationId"]


def main() -> None:
    """Walk through."""
    client = KnowledgeClient()

    source = client.sources.create(name="Help centre (Python)", graceDays=7)
    source_id = source["id"]
    print(f"source {source_id}")

    pushed = client.items.push(source_id, REFUNDS)
    print(f"pushed one item: {pushed['result']}")
    print(f"read back: {client.items.get(source_id, REFUNDS['externalItemId'])['content']}")

    # The client makes a key for every call. Give it one of your own to make even a restarted job safe: the same key
    # with the same batch gets the first answer again, and changes nothing.
    key = f"nightly-{uuid.uuid4()}"
    first = client.items.push_batch(source_id, [guide(1), guide(2)], idempotency_key=key)
    again = client.items.push_batch(source_id, [guide(1), guide(2)], idempotency_key=key)
    print(f"pushed a batch: {first['counts']}, and again: {'the same answer' if again == first else again}")

    # A snapshot is the whole truth: what it does not name is removed. Over 256 KB the client gzips it.
    counts = client.items.replace(source_id, [REFUNDS, *(guide(number) for number in range(1, 301))])
    print(f"sent a snapshot: {counts}")
    publish(client, source_id)

    # A removed item is served for the source's graceDays; the first run after that drops it.
    removed = client.items.remove(source_id, "guide-300")
    print(f"removed guide-300: {removed['state']}, served until {removed['tombstoneDueAt']}")
    generation_id = publish(client, source_id)

    served = list(client.generations.items(source_id, generation_id, with_content=True))
    size = sum(item["contentBytes"] for item in served)
    print(f"generation {generation_id} of {source_id} serves {len(served)} items, {size} bytes")


if __name__ == "__main__":
    try:
        main()
    except KnowledgeError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
