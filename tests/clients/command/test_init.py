"""`kb init`."""

from __future__ import annotations

import shutil

import pytest
from knowledge_client.command.kb_toml import read_kb_toml
from knowledge_client.command.places import place_of

from tests.clients.command.driver import Kb
from tests.clients.command.product import PAGES, Product
from tests.clients.folder.trees import write_tree


def test_file_is_written_and_read_back_without_a_key(kb: Kb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATBOT_KEY")
    monkeypatch.delenv("CHATBOT_API")
    docs = write_tree(kb.folder / "docs", {"a.md": "# A\n", "b.md": b"\xff\xfe\x00"})
    ended = kb("init", "docs", "--name", 'The "docs"', "--site-url", "https://example.com/docs")
    assert (ended.code, "1 documents, 0 left out, 1 problems" in ended.out) == (0, True)
    config = read_kb_toml(kb.folder / "kb.toml")
    assert (config.name, config.root, config.place) == ('The "docs"', docs, place_of(docs))
    assert (config.grace_days, config.folder.base_url, config.folder.slugs) == (0, "https://example.com/docs", "plain")
    assert kb.requests == []


def test_file_that_is_there_stays(kb: Kb) -> None:
    write_tree(kb.folder / "docs", {"a.md": "# A\n"})
    kb("init", "docs")
    text = (kb.folder / "kb.toml").read_text()
    ended = kb("init", "docs")
    assert (ended.code, (kb.folder / "kb.toml").read_text()) == (3, text)
    assert "is there already" in ended.err
    (kb.folder / "kb.toml").unlink()
    assert kb("init", "docs", "--site-url", "nowhere").code == 3
    assert kb("init", "no-docs").code == 3
    assert not (kb.folder / "kb.toml").exists()


@pytest.mark.parametrize(
    ("file", "slugs"), [("docusaurus.config.ts", "docusaurus"), ("mkdocs.yml", "mkdocs"), ("hugo.toml", "hugo")]
)
def test_rules_of_addresses_are_those_of_the_site(kb: Kb, file: str, slugs: str) -> None:
    write_tree(kb.folder, {"docs/a.md": "# A\n", file: ""})
    kb("init", "docs")
    assert read_kb_toml(kb.folder / "kb.toml").folder.slugs == slugs


def test_two_folders_have_two_labels(kb: Kb) -> None:
    labels = set()
    for _ in range(2):
        write_tree(kb.folder / "Über uns", {"a.md": "# A\n"})
        assert kb("init", "Über uns").code == 0
        labels.add(read_kb_toml(kb.folder / "kb.toml").label)
        (kb.folder / "kb.toml").unlink()
    assert len(labels) == 2


def test_copy_is_refused_until_it_has_a_source_of_its_own(product: Product, kb: Kb) -> None:
    (kb.folder / "kb.toml").unlink()
    product.write(PAGES)
    assert kb("init", "docs").code == kb("apply").code == 0
    copy = kb.folder / "copy"
    copy.mkdir()
    shutil.copytree(product.docs, copy / "docs")
    shutil.copy(kb.folder / "kb.toml", copy)
    (copy / "docs" / "page-1.md").write_text("# Of the copy\n")
    kb.requests.clear()
    for command in ("diff", "push", "plan", "apply", "status"):
        ended = kb(command, "--config", "copy")
        assert (ended.code, "(another_folder)" in ended.err) == (3, True)
        assert f"mirrors {place_of(product.docs)}, and this folder is {place_of(copy / 'docs')}" in ended.err
    assert kb.requests == []
    assert kb("init", "--new", "--config", "copy/kb.toml").code == 0
    assert kb("apply", "--config", "copy").code == 0
    assert kb("diff").code == 0
    sources = product.edge.request("GET", "/v1/sources").body["sources"]
    assert {each["label"].partition("@")[2] for each in sources} == {place_of(product.docs), place_of(copy / "docs")}


def test_folder_that_was_moved_keeps_its_source(product: Product, kb: Kb) -> None:
    (kb.folder / "kb.toml").unlink()
    product.write(PAGES)
    kb("init", "docs")
    kb("apply")
    product.docs.rename(kb.folder / "pages")
    file = kb.folder / "kb.toml"
    file.write_text(file.read_text().replace('path = "docs"', 'path = "pages"'))
    assert kb("diff").code == 3
    assert kb("init", "--moved").code == 0
    assert (kb("diff").code, "# Tells the source" in file.read_text()) == (0, True)


def test_file_of_another_form_is_not_written_over(kb: Kb) -> None:
    write_tree(kb.folder / "docs", {"a.md": "# A\n"})
    text = 'source = {name = "D", label = "d-1@x", path = "docs"}\n'
    (kb.folder / "kb.toml").write_text(text)
    ended = kb("init", "--moved")
    assert (ended.code, (kb.folder / "kb.toml").read_text()) == (3, text)
    assert [each.name for each in kb.folder.iterdir() if each.name.startswith("kb.toml")] == ["kb.toml"]
