"""What is found, in which order, of which sources, page by page."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from search.engine.analysis import words
from search.errors import DamagedSegmentError, InvalidQueryError, QueryTooLongError
from search.filters import Filter
from search.hits.serving import ServedIndex
from search.queries.model import Ranking, SearchQuery
from search.queries.synonyms import Synonyms
from search.segments.model import Settings

from tests.support.segments import SOURCE, document, head, index_of

FUZZED = int(os.environ.get("FUZZ_CASES", "2000"))


def ids(index: ServedIndex, text: str, limit: int = 10, **options: object) -> list[str]:
    return [each.item_id for each in index.search(SearchQuery(text, **options), limit)]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ServedIndex:
    older = head(
        [
            document("reset", "Open settings and choose a new password.", "Reset your password", tags=("account",)),
            document("phrase", "To reset the device hold the key, then the password is kept.", metadata={"os": "a"}),
            document("billing", "Invoices are sent monthly.", "Billing", tags=("money", "account")),
            document("haus", "Die Häuser der Stadt sind alt.", language="de-AT"),
            document("zh", "如何重置您的密码", language="zh"),
            document("dead", "password password password"),
            document("gone", "password password"),
        ]
    )
    newer = head([document("dead", "Nothing of it is left.")], ["gone"])
    return index_of(tmp_path_factory.mktemp("index"), older, newer)


def test_title_and_text_are_found_by_their_stems(index: ServedIndex) -> None:
    assert ids(index, "resetting passwords")[0] == "reset"
    assert ids(index, "Haus") == ids(index, "häuser") == ["haus"]
    assert ids(index, "重置密码") == ids(index, "码") == ["zh"]
    assert ids(index, "invoice") == ["billing"]


def test_dropped_and_older_documents_are_not_found(index: ServedIndex) -> None:
    assert set(ids(index, "password", 50)) == {"reset", "phrase"}
    assert ids(index, "left") == ["dead"]


def test_filters_demand_and_do_not_score(index: ServedIndex) -> None:
    scores = {hit.item_id: hit.score for hit in index.search(SearchQuery("password account invoice"), 10)}
    for wanted, found in (
        (Filter(tags=["account"]), ["reset", "billing"]),
        (Filter(tags=["account", "money"]), ["billing"]),
        (Filter(metadata={"os": "a"}), ["phrase"]),
        (Filter(language="de"), []),
    ):
        hits = index.search(SearchQuery("password account invoice", wanted), 10)
        assert sorted(hit.item_id for hit in hits) == sorted(found)
        assert all(hit.score == pytest.approx(scores[hit.item_id]) for hit in hits)


def test_slips_are_forgiven_where_the_word_is_rare(index: ServedIndex) -> None:
    assert ids(index, "pasword")[0] == "reset"
    assert ids(index, "invioces monhtly") == ["billing"]
    assert ids(index, "bil") == []


def test_unfinished_word_is_found_when_asked_for(index: ServedIndex) -> None:
    assert ids(index, "invo") == []
    assert ids(index, "sent invo", prefix=True) == ["billing"]
    assert ids(index, "invoici", prefix=True) == ["billing"]


def test_synonyms_widen_the_query(index: ServedIndex) -> None:
    synonyms = Synonyms([["bill", "invoice"], ["secret word", "password"]], words)
    found = index.search(SearchQuery("secret word"), 10, synonyms={SOURCE: synonyms})
    assert {hit.item_id for hit in found} == {"reset", "phrase"}
    assert ids(index, "secret word") == []


def test_pages_follow_each_other(tmp_path: Path) -> None:
    documents = [document(f"i{number:03}", f"word {'more ' * (number % 7)}") for number in range(60)]
    # Most of the best are dead, so that a page takes several looks.
    newer = head([], [f"i{number:03}" for number in range(60) if number % 7 < 5])
    index = index_of(tmp_path, head(documents), newer)
    whole = [hit.item_id for hit in index.search(SearchQuery("word"), 50)]
    assert len(whole) == sum(number % 7 >= 5 for number in range(60))
    pages = [[hit.item_id for hit in index.search(SearchQuery("word"), 4, offset)] for offset in range(0, 20, 4)]
    assert [each for page in pages for each in page] == whole
    assert index.search(SearchQuery("word"), 4, 500) == []


def test_exact_phrase_and_title_come_first_among_equals(tmp_path: Path) -> None:
    texts = {"other": "blue sky red moon", "exact": "moon blue red sky", "rest": "sky moon red blue"}
    index = index_of(tmp_path, head([document(name, text) for name, text in texts.items()]))
    assert ids(index, "red sky")[0] == "exact"


def test_sources_are_apart_and_weigh_titles_by_their_own(tmp_path: Path) -> None:
    one = [document("a", "filler words here", "lamp"), document("b", "lamp lamp lamp words")]
    other = [document("a", "filler words here", "lamp"), document("b", "lamp lamp lamp words")]
    sources = {name: [head(docs, settings=Settings(name))] for name, docs in (("src_1", one), ("src_2", other))}
    index = ServedIndex(sources, tmp_path)

    def best(**options: object) -> dict[str, str]:
        hits = index.search(SearchQuery("lamp", **options), 10)
        return {hit.source_id: hit.item_id for hit in reversed(hits)}

    assert set(best()) == {"src_1", "src_2"}
    assert set(best(source_ids=["src_2"])) == {"src_2"}
    assert set(best(source_ids=["src_9"])) == set()
    heavy = best(ranking=Ranking(0.1, {"src_2": 9.0}))
    assert heavy == {"src_1": "b", "src_2": "a"}


def test_segment_of_another_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedSegmentError):
        ServedIndex({"src_2": [head([document("a")])]}, tmp_path)


def test_hit_that_its_segment_did_not_add_is_damage(tmp_path: Path) -> None:
    """As if the engine numbered segments otherwise than they were put together."""
    index = index_of(tmp_path, head([document("a", "word")]), head([document("b", "word")]))
    index._places.reverse()
    with pytest.raises(DamagedSegmentError):
        index.search(SearchQuery("word"), 10)


def test_nothing_is_found_in_nothing(tmp_path: Path) -> None:
    assert ids(ServedIndex({}, tmp_path / "a"), "word") == []
    assert ids(index_of(tmp_path / "b", head([], ["a"])), "word") == []


def test_query_that_is_too_long_is_refused(index: ServedIndex) -> None:
    assert ids(index, " ".join(["invoices"] * 111)) == ["billing"]
    with pytest.raises(QueryTooLongError):
        ids(index, "a" * 1_001)


PIECES = (
    *('"', "'", "(", ")", "[", "]", "{", "}", "+", "-", "*", "?", "~2", "^3", ":", "\\", "/", "AND", "OR", "NOT", "IN"),
    *(
        "title_en:",
        "filters:",
        "key:*",
        "text_en:[a TO z]",
        "~",
        "😀",
        "\0",
        "\n",
        "\u202e",
        "שלום",
        "\ud800",
        "e\u0301",
    ),
    *("password", "pasword", "häuser", "密码", "水", "x" * 200, "a", "1.5", "<b>", "%00", "';--", "$ne", "ﬁ", "İ"),
)


@pytest.mark.long
def test_no_query_fails(index: ServedIndex) -> None:
    chance = random.Random(20)
    synonyms = Synonyms([["password", "密码"], ["häuser", "AND OR"]], words)
    for _ in range(FUZZED):
        text = chance.choice(("", " ")).join(chance.choices(PIECES, k=chance.choice((0, 1, 2, 5, 30))))
        try:
            query = SearchQuery(text, Filter(tags=[text[:9]] * (chance.random() < 0.1)), prefix=chance.random() < 0.5)
            hits = index.search(query, 10, synonyms={SOURCE: synonyms})
        except InvalidQueryError:
            assert len(text) > 1_000
        else:
            assert not {"gone"} & {hit.item_id for hit in hits}
