"""Documentation of installed packages, published by `kb` on the local stack: it comes back as it was, and stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from knowledge_client import KnowledgeClient
from knowledge_client.folder import FolderReader

from tests.clients.command.on_stack import StackKb
from tests.clients.folder.test_real_folders import FILES, check_content, fixed_list
from tests.contract.tenant import Tenant

pytestmark = pytest.mark.long

# The folders are read whole elsewhere; the long form publishes all of them, too.
PUBLISHED = FILES if FILES > 200 else 60


@pytest.fixture
def tenant(local_stack: Any) -> Iterator[Tenant]:
    tenant = Tenant(local_stack)
    yield tenant
    tenant.close()


def test_what_is_published_is_what_the_files_hold_and_a_second_run_changes_nothing(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = tmp_path / "real"
    for number, path in enumerate(fixed_list()[:PUBLISHED]):
        place = root / f"{number // 100:03}" / f"{number % 100:02} {path.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    kb = StackKb(monkeypatch, capsys, tmp_path, tenant)
    assert kb("init", "real").code == 0
    first = kb("apply", "--json")
    problems = {each["path"] for each in first.document["problems"]}
    # 3 tells of files that can't be read, and of nothing else.
    assert first.code == (3 if problems else 0), first.out
    folder = FolderReader.of(root).read()
    assert {each.path for each in folder.problems} == problems
    second = kb("apply", "--json")
    assert (second.code, second.document["outcome"]) == (first.code, "nothing to do"), second.out
    difference = kb("diff", "--json").document
    assert [difference[name] for name in ("added", "changed", "removed", "renamed", "kept")] == [[], [], [], [], []]
    assert difference["unchanged"] == len(folder.documents)
    documents = {each.external_item_id: each for each in folder.documents}
    with KnowledgeClient(tenant.base_url, tenant.token) as client:
        served = list(client.generations.items(difference["sourceId"], with_content=True))
    assert {each["externalItemId"]: each["title"] for each in served} == {
        name: each.title for name, each in documents.items()
    }
    for item in served:
        check_content({"content": item["content"]}, (root / documents[item["externalItemId"]].path).read_bytes())
