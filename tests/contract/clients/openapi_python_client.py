"""The quickstart, with the client that openapi-python-client made: `knowledge_api`."""

from __future__ import annotations

import os
import uuid

from knowledge_api import AuthenticatedClient
from knowledge_api.api.generations import list_generation_items
from knowledge_api.api.items import push_item
from knowledge_api.api.runs import apply_run, create_run
from knowledge_api.api.sources import create_source, get_source
from knowledge_api.models import (
    CreateSourceRequest,
    Error,
    GenerationItemPage,
    ItemInput,
    ItemInputMetadataType0,
    ListGenerationItemsInclude,
    PublishedResponse,
    PushResponse,
    RunResponse,
    SourceResponse,
)

client = AuthenticatedClient(base_url=os.environ["CHATBOT_API"], token=os.environ["CHATBOT_KEY"])

created = create_source.sync(client=client, body=CreateSourceRequest(name="Help center"))
assert isinstance(created, SourceResponse), created
source_id = created.source.id

metadata = ItemInputMetadataType0.from_dict({"team": "billing", "level": 2})
item = ItemInput(external_item_id="faq-1", title="Refunds", content="Refunds take 14 days.", metadata=metadata)
pushed = push_item.sync(source_id, client=client, body=item, idempotency_key=str(uuid.uuid4()))
assert isinstance(pushed, PushResponse) and pushed.result == "created", pushed

begun = create_run.sync(source_id, client=client)
assert isinstance(begun, RunResponse), begun
published = apply_run.sync(source_id, begun.run.id, client=client)
assert isinstance(published, PublishedResponse) and published.counts.added == 1, published

page = list_generation_items.sync(source_id, "current", client=client, include=ListGenerationItemsInclude.CONTENT)
assert isinstance(page, GenerationItemPage), page

refused = get_source.sync("src_unknown", client=client)
assert isinstance(refused, Error) and refused.code == "not_found", refused
print(page.items[0].content)
