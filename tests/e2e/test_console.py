"""What a developer sees on the console: the functions' log lines with their names, and AWS calls on request."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.stack import eventually


def test_log_lines_carry_the_name_of_their_function(local_stack: Any) -> None:
    origin = local_stack.credentials["baseUrl"].removesuffix("/api")
    with local_stack.client() as api:
        api.post(
            f"{origin}/2015-03-31/functions/local-DiffRunFunction/invocations",
            json={"nothing": "useful"},
            headers=local_stack.access,
        )
    eventually(lambda: re.search(r"^DiffRunFunction \| ", local_stack.console(), re.MULTILINE))


def test_console_is_quiet_while_all_goes_well(local_stack: Any) -> None:
    with local_stack.client() as api:
        assert api.get("v1/whoami").status_code == 200
    assert '"level":"INFO"' not in local_stack.console()


def test_verbose_shows_every_aws_call_and_every_request(own_stack: Any) -> None:
    stack = own_stack("--verbose")
    with stack.client() as api:
        assert api.get("v1/whoami").status_code == 200
        source = api.post("v1/sources", json={"name": "Help"}).json()["source"]["id"]
        assert api.get(f"v1/sources/{source}/runs/run_00000000000000000000000000").status_code == 404
    line = r"^DeveloperApiFunction \| aws dynamodb GetItem \d+\.\d ms 200 local-KeysTable$"
    eventually(lambda: re.search(line, stack.console(), re.MULTILINE))
    assert re.search(r"^BootstrapTenantFunction \| aws dynamodb \w+ \d+\.\d ms 200", stack.console(), re.MULTILINE)
    told = r'^DeveloperApiFunction \| ({"level":"INFO","message":"request_answered".*"operation":"get_run".*})$'
    found = eventually(lambda: re.search(told, stack.console(), re.MULTILINE))
    line = json.loads(found[1])
    assert (line["source_id"], line["status"], line["Refusals"]) == (source, 404, 1)
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "local"
