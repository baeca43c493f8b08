"""The quickstart, with the client that openapi-generator made for Python: `knowledge_api`."""

from __future__ import annotations

import os
import uuid

from knowledge_api import (
    ApiClient,
    Configuration,
    CreateSourceRequest,
    GenerationsApi,
    ItemInput,
    ItemsApi,
    RunsApi,
    SourcesApi,
)
from knowledge_api.exceptions import NotFoundException

configuration = Configuration(host=os.environ["CHATBOT_API"], access_token=os.environ["CHATBOT_KEY"])
with ApiClient(configuration) as client:
    source = SourcesApi(client).create_source(CreateSourceRequest(name="Help center")).source

    item = ItemInput(
        externalItemId="faq-1",
        title="Refunds",
        content="Refunds take 14 days.",
        metadata={"team": "billing", "level": 2},
    )
    pushed = ItemsApi(client).push_item(source.id, item, idempotency_key=str(uuid.uuid4()))
    assert pushed.result == "created", pushed

    run = RunsApi(client).create_run(source.id).run
    published = RunsApi(client).apply_run(source.id, run.id)
    assert published.counts.added == 1, published

    page = GenerationsApi(client).list_generation_items(source.id, "current", include="content")
    try:
        SourcesApi(client).get_source("src_unknown")
    except NotFoundException as refused:
        assert refused.data is not None and refused.data.code == "not_found", refused.data
    else:
        raise AssertionError("a source that there is not")
    print(page.items[0].content)
