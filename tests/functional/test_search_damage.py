"""What is damaged, missing or another's is noticed before an answer leaves, and told; nothing is answered from it."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from knowledge.environments import Environment
from knowledge.errors import IndexDamagedError, ServiceUnavailableError
from knowledge.index.packs import read_documents
from knowledge.searching.model import Asked, Question
from knowledge.searching.service import Searcher
from knowledge.storage.format import ObjectGoneError

from testing.edge import Edge, Reply
from tests.functional.test_search import found, search


class Bucket:
    """The bucket as a test changes it, past all that the code promises of it."""

    def __init__(self, edge: Edge) -> None:
        self.s3 = edge.clients.s3
        self.name = edge.environment["CONTENT_BUCKET"]

    def keys(self, kind: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.name)["Contents"]
        return [each["Key"] for each in listed if f"/{kind}-" in each["Key"]]

    def read(self, key: str) -> tuple[bytes, Any]:
        answer = self.s3.get_object(Bucket=self.name, Key=key)
        return answer["Body"].read(), answer["Metadata"]

    def write(self, key: str, data: bytes, metadata: Any) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=data, Metadata=metadata)

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=key)


def published(edge: Edge) -> str:
    source = edge.source()
    edge.push(source, "a", content="alpha common")
    edge.push(source, "b", content="beta common")
    edge.publish(source)
    return source


def question(edge: Edge, text: str = "common") -> Question:
    return Question(edge.tenant_of(edge.token), Environment.LIVE, text)


def places(size: int) -> Iterator[int]:
    """All of them in `make fuzz`, else some."""
    return itertools.chain(range(0, size, 1 if "FUZZ_CASES" in os.environ else 41), [size - 1])


@pytest.mark.long
def test_any_byte_flipped_in_the_bucket_is_noticed(edge: Edge, fresh: Callable[[], Searcher]) -> None:
    published(edge)
    bucket, asked = Bucket(edge), question(edge)
    whole = [each.external_item_id for each in fresh().search(asked, None).results]
    assert len(whole) == 2
    (segment,) = bucket.keys("segment")
    (manifest,) = bucket.keys("index")
    for key in (segment, manifest):
        data, metadata = bucket.read(key)
        noticed = 0
        for at in places(len(data)):
            bucket.write(key, data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :], metadata)
            try:
                answer = fresh().search(asked, None)
            except IndexDamagedError:
                noticed += 1
            else:
                # A search reads nothing of the text part of a segment, nor of blocks that lead to no hit.
                assert [each.external_item_id for each in answer.results] == whole, (key, at)
        bucket.write(key, data, metadata)
        assert noticed > len(list(places(len(data)))) // 3


@pytest.mark.long
def test_any_byte_flipped_on_the_disk_is_noticed_and_mended(edge: Edge, fresh: Callable[..., Searcher]) -> None:
    published(edge)
    asked = question(edge)
    searcher = fresh()
    whole = searcher.search(asked, None)
    (path,) = [each for each in Path(edge.search.folder).glob("*/segments/*/*/*") if each.is_file()]
    data = path.read_bytes()
    for at in places(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        for key in searcher.finder.indexes._served:
            searcher.finder.indexes._served.remove(key)
        assert searcher.search(asked, None) == whole
        assert path.read_bytes() == data, at


def test_missing_segment_is_told_and_the_rest_of_the_api_goes_on(edge: Edge, caplog: pytest.LogCaptureFixture) -> None:
    source = published(edge)
    bucket = Bucket(edge)
    (segment,) = bucket.keys("segment")
    bucket.delete(segment)
    reply = search(edge, "common")
    assert (reply.status, reply.code, reply.headers.get("retry-after")) == (503, "index_damaged", None)
    (line,) = [record for record in caplog.records if record.getMessage() == "index_damaged"]
    assert (line.tenant_id, line.source_id, line.key) == (edge.tenant_of(edge.token), source, segment)
    assert line.levelno == logging.ERROR
    edge.push(source, "c", content="gamma common")
    assert edge.publish(source)


def test_what_the_generation_does_not_serve_is_never_answered(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    published(edge)
    from knowledge.index.trie import Trie

    real = Trie.find

    def without(self: Trie, names: Any) -> Any:
        return {name: entry._replace(content_hash="0" * 64) for name, entry in real(self, names).items()}

    for broken in (lambda self, names: {}, without):
        with monkeypatch.context() as patched:
            patched.setattr(Trie, "find", broken)
            reply = search(edge, "common")
            assert (reply.status, reply.code) == (503, "index_damaged")
        assert len(found(edge, "common")) == 2


def test_segment_of_another_source_is_refused(edge: Edge) -> None:
    one, other = published(edge), published(edge)
    bucket = Bucket(edge)
    mine, theirs = (next(key for key in bucket.keys("segment") if f"/{source}/" in key) for source in (one, other))
    data, metadata = bucket.read(theirs)
    bucket.write(mine, data, metadata)
    reply = search(edge, "common", sourceIds=[one])
    assert (reply.status, reply.code) == (503, "index_damaged")
    assert len(found(edge, "common", sourceIds=[other])) == 2


def test_a_publication_between_two_reads_is_answered_from(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(edge)
    bucket = Bucket(edge)
    searcher = edge.services.knowledge.searcher
    opened = searcher.finder.indexes.open
    later: list[str] = []

    def overtaken(asked: Any) -> Any:
        if not later:
            gone = bucket.keys("segment")
            edge.push(source, "a", content="alpha other")
            later.append(edge.publish(source))
            for key in gone:
                bucket.delete(key)
        return opened(asked)

    monkeypatch.setattr(type(searcher.finder.indexes), "open", lambda self, asked: overtaken(asked))
    with pytest.raises(ServiceUnavailableError):
        # What the new generation has of the old one is gone, too; but it moved, so it may be there by the next try.
        searcher.search(question(edge), None)


def test_a_manifest_that_was_swapped_is_read_again(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(edge)
    searcher = edge.services.knowledge.searcher
    opened, later = searcher.finder.indexes.open, []

    def overtaken(self: Any, asked: Any) -> Any:
        if not later:
            edge.push(source, "a", content="alpha other")
            later.append(edge.publish(source))
            raise ObjectGoneError
        return opened(asked)

    monkeypatch.setattr(type(searcher.finder.indexes), "open", overtaken)
    answer = searcher.search(question(edge), None)
    assert ([each.external_item_id for each in answer.results], answer.generations) == (["b"], {source: later[0]})


def test_too_large_is_refused_and_publishing_goes_on(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(edge)
    searcher = edge.services.knowledge.searcher
    monkeypatch.setattr(searcher.finder.indexes, "_most_bytes", 100)
    reply: Reply = search(edge, "common")
    assert (reply.status, reply.code, reply.headers.get("retry-after")) == (503, "index_too_large", None)
    edge.push(source, "c", content="gamma common")
    edge.publish(source)
    monkeypatch.setattr(searcher.finder.indexes, "_most_bytes", 1_000_000)
    assert len(found(edge, "common")) == 3


def test_another_format_is_being_upgraded(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    published(edge)
    monkeypatch.setattr("search.segments.building.current_format", lambda: "0" * 16)
    reply = search(edge, "common")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "index_upgrading", "60")


def test_after_an_erasure_nothing_of_the_source_stays_but_what_its_manifest_names(edge: Edge) -> None:
    source = published(edge)
    tenant, knowledge = edge.tenant_of(edge.token), edge.services.knowledge
    first = knowledge.sources.get_source(tenant, source)
    edge.push(source, "a", content="alpha other")
    edge.publish(source)
    other = published(edge)
    assert len(found(edge, "common")) == 3
    assert len(files(edge)) == 3 and len(assembled(edge)) == 1
    erased = replace(first, erasure_epoch=1)
    (opened,) = knowledge.searcher.finder.indexes.open([Asked(erased, erased.manifest, None)])
    named = {row.digest for row in opened.index.manifest.segments.rows}
    assert {path.name for path in files(edge) if path.parent.name == source} == named
    assert len([path for path in files(edge) if path.parent.name == other]) == 1
    assert assembled(edge) == []


def test_chunks_of_contents_are_let_go_of_when_one_is_damaged(edge: Edge) -> None:
    published(edge)
    bucket, searcher = Bucket(edge), edge.services.knowledge.searcher
    (pack,) = bucket.keys("pack")
    data, metadata = bucket.read(pack)
    whole = searcher.search(question(edge), None)
    bucket.write(pack, data[:30] + bytes([data[30] ^ 0x10]) + data[31:], metadata)
    with pytest.raises(IndexDamagedError):
        searcher.search(question(edge), None)
    bucket.write(pack, data, metadata)
    assert searcher.search(question(edge), None) == whole
    # What is kept now is asked for no more, and is checked all the same.
    bucket.delete(pack)
    assert searcher.search(question(edge), None) == whole
    chunks = searcher.finder.indexes._chunks._recent
    for key in chunks:
        kept = chunks.get(key)
        assert kept is not None
        chunks.put(key, kept[:30] + bytes([kept[30] ^ 0x10]) + kept[31:], len(kept))
    bucket.write(pack, data, metadata)
    assert searcher.search(question(edge), None) == whole


def test_while_something_is_erased_no_contents_are_kept(edge: Edge) -> None:
    source = published(edge)
    searcher = edge.services.knowledge.searcher
    for _ in range(2):
        searcher.search(question(edge), None)
    assert searcher.finder.indexes._chunks.size
    knowledge = edge.services.knowledge
    row = knowledge.sources.get_source(edge.tenant_of(edge.token), source)
    erased = replace(row, erasure_epoch=1, erasure_id="era_1")
    (opened,) = searcher.finder.indexes.open([Asked(erased, erased.manifest, None)])
    opened.index.trie.find(["a"])
    read_documents(opened.index, list(opened.index.trie.find(["a"]).values()))
    assert searcher.finder.indexes._chunks.size == 0
    done = replace(erased, erasure_id=None)
    (opened,) = searcher.finder.indexes.open([Asked(done, done.manifest, None)])
    read_documents(opened.index, list(opened.index.trie.find(["a"]).values()))
    assert searcher.finder.indexes._chunks.size


def test_what_is_erased_is_found_no_more_and_leaves_the_disk(edge: Edge) -> None:
    source = published(edge)
    assert set(found(edge, "common")) == {"a", "b"}
    reply = edge.request("POST", f"/v1/sources/{source}/erasures", {"externalItemIds": ["a"]})
    assert reply.status == 202, reply.text
    assert (found(edge, "common"), found(edge, "alpha")) == (["b"], [])
    knowledge = edge.services.knowledge
    row = knowledge.sources.get_source(edge.tenant_of(edge.token), source)
    named = {each.digest for each in knowledge.stores.index.open_index(row.manifest).manifest.segments.rows}
    assert {path.name for path in files(edge)} == named


def files(edge: Edge) -> list[Path]:
    return list(Path(edge.search.folder).glob("*/segments/*/*/*"))


def assembled(edge: Edge) -> list[Path]:
    return list(Path(edge.search.folder).glob("*/assembled/*/*"))


@pytest.fixture
def fresh(edge: Edge, tmp_path: Path) -> Callable[[], Searcher]:
    """Make a searcher of a new process with an empty disk."""
    from knowledge.searching.finding import Finder
    from knowledge.searching.indexes import OpenIndexes
    from knowledge.settings import SearchSettings

    numbers = itertools.count()

    def make() -> Searcher:
        stores = edge.services.knowledge.stores
        folder = tmp_path / str(next(numbers))
        edge.search = SearchSettings(str(folder), edge.search.index_bytes, edge.search.storage_bytes)
        return Searcher(Finder(stores, OpenIndexes(stores, stores.index, edge.search), edge.clock))

    return make
