"""The quickstart of the published description against the local stack."""

from __future__ import annotations

from typing import Any

from tests.support.quickstart import run_quickstart


def test_quickstart_publishes_what_it_pushed(local_stack: Any) -> None:
    credentials = local_stack.credentials
    published = run_quickstart(credentials["baseUrl"], credentials["apiKey"])
    assert published.pushed["result"] == "created"
    assert published.answer["status"] == "published"
    assert published.answer["counts"]["added"] == published.answer["counts"]["total"] == 1
    with local_stack.client() as api:
        generation = f"v1/sources/{published.source_id}/generations/{published.answer['generationId']}"
        items = api.get(f"{generation}/items?include=content").json()
    assert [(item["externalItemId"], item["content"]) for item in items["items"]] == [
        ("faq-1", "Refunds take 14 days.")
    ]
