"""The quickstart of the published description, run as it is written: bash, curl, jq, uuidgen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.support.resources import continuous_integration

# Verbatim; only the line breaks, which the published page lost, are put back.
QUICKSTART = r"""
# 1. Create a source
SID=$(curl -s -X POST "$CHATBOT_API/v1/sources" \
  -H "Authorization: Bearer $CHATBOT_KEY" \
  -H "Content-Type: application/json" \
  -d '{"name":"Help center","graceDays":7}' | jq -r .source.id)
# 2. Push an item
curl -s -X POST "$CHATBOT_API/v1/sources/$SID/items" \
  -H "Authorization: Bearer $CHATBOT_KEY" \
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: $(uuidgen)" \
  -d '{"externalItemId":"faq-1","title":"Refunds","content":"Refunds take 14 days."}'
# 3. Run, then apply (publish)
RID=$(curl -s -X POST "$CHATBOT_API/v1/sources/$SID/runs" \
  -H "Authorization: Bearer $CHATBOT_KEY" | jq -r .run.id)
echo
curl -s -X POST "$CHATBOT_API/v1/sources/$SID/runs/$RID/apply" \
  -H "Authorization: Bearer $CHATBOT_KEY"
"""


def test_quickstart_publishes_what_it_pushed(local_stack: Any) -> None:
    for tool in ("bash", "curl", "jq", "uuidgen"):
        if shutil.which(tool) is None:
            (pytest.fail if continuous_integration() else pytest.skip)(f"{tool} is not installed")
    credentials = local_stack.credentials
    environment = {
        "PATH": os.environ["PATH"],
        "CHATBOT_API": credentials["baseUrl"],
        "CHATBOT_KEY": credentials["apiKey"],
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", QUICKSTART + "\necho; echo $SID"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    pushed, published, source_id = done.stdout.splitlines()
    assert json.loads(pushed)["result"] == "created"
    answer = json.loads(published)
    assert answer["status"] == "published"
    assert answer["counts"]["added"] == answer["counts"]["total"] == 1
    with local_stack.client() as api:
        items = api.get(f"v1/sources/{source_id}/generations/{answer['generationId']}/items?include=content").json()
    assert [(item["externalItemId"], item["content"]) for item in items["items"]] == [
        ("faq-1", "Refunds take 14 days.")
    ]
