"""The quickstart of the published description, run as it is written: bash, curl, jq, uuidgen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any, NamedTuple

import pytest

from testing.resources import continuous_integration

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


class Published(NamedTuple):
    """What the quickstart printed, and the source that it made."""

    pushed: dict[str, Any]
    answer: dict[str, Any]
    source_id: str


def run_quickstart(base_url: str, key: str) -> Published:
    """Run it against an API, with a key of the default scopes."""
    for tool in ("bash", "curl", "jq", "uuidgen"):
        if shutil.which(tool) is None:
            (pytest.fail if continuous_integration() else pytest.skip)(f"{tool} is not installed")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", QUICKSTART + "\necho; echo $SID"],
        env={"PATH": os.environ["PATH"], "CHATBOT_API": base_url, "CHATBOT_KEY": key},
        capture_output=True,
        text=True,
        check=True,
    )
    pushed, answer, source_id = done.stdout.splitlines()
    return Published(json.loads(pushed), json.loads(answer), source_id)
