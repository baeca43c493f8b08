"""What is looked for, and how it weighs."""

from __future__ import annotations

from collections.abc import Iterator

from search.languages.bigrams import Span
from search.languages.choice import CJK
from search.limits import PREFIX_TERMS, QUERY_WORDS, TYPO_WORDS
from search.queries.planning import Asked, Language, plan
from search.queries.synonyms import Synonyms
from search.queries.tree import Best, Filtered, Phrase, Query, Sum, Typo, Weighed, Word

EN, ZH = Language("en", "t", "b"), Language(CJK, "tc", "bc")


class Fake:
    """An index of some words, each in all its documents."""

    def __init__(self, *words: str, documents: int = 1_000) -> None:
        self.words, self.documents = words, documents
        self.lookups = 0

    def frequency(self, field: str, word: str) -> int:
        assert field in {*EN, *ZH}
        self.lookups += 1
        return self.documents if word in self.words else 0

    def beginning_with(self, field: str, prefix: str, most: int) -> list[str]:
        assert most == PREFIX_TERMS
        return [word for word in sorted(self.words) if word.startswith(prefix)][:most]


def asked(query: str, language: Language = EN) -> Asked:
    spans, at = [], 0
    for word in query.split():
        at = query.index(word, at)
        spans.append(Span(word.lower().removesuffix("s"), at, at + len(word)))
    return Asked.of(language, query, spans)


def leaves(query: Query) -> Iterator[Query]:
    match query:
        case Sum(parts) | Best(parts):
            for part in parts:
                yield from leaves(part)
        case Weighed(part, _) | Filtered(part, _, _):
            yield from leaves(part)
        case _:
            yield query


def test_word_scores_in_title_and_text() -> None:
    assert plan([asked("cat")], Fake("cat"), 3.0) == Sum(
        (Sum((Sum((Weighed(Word("t", "cat"), 3.0), Weighed(Word("b", "cat"), 1.0))),)),)
    )


def test_the_whole_query_scores_a_little_as_a_phrase() -> None:
    tree = plan([asked("red cats")], Fake("red", "cat"), 1.0)
    assert isinstance(tree, Sum)
    phrase = tree.parts[0].parts[-1]
    assert phrase == Weighed(
        Sum((Weighed(Phrase("t", ("red", "cat")), 1.0), Weighed(Phrase("b", ("red", "cat")), 1.0))), 0.1
    )


def test_rare_words_may_be_slips_by_their_length() -> None:
    def slips(query: str, lexicon: Fake) -> list[tuple[str, int]]:
        return [
            (each.word, each.edits) for each in leaves(plan([asked(query)], lexicon, 1.0)) if isinstance(each, Typo)
        ]

    assert slips("cat", Fake()) == []
    assert slips("pasword", Fake()) == [("pasword", 1)] * 2
    assert slips("authentcation", Fake()) == [("authentcation", 2)] * 2
    assert slips("password", Fake("password")) == []
    many = slips(" ".join(f"word{letter}" for letter in "abcdefgh"), Fake())
    assert len(many) == 2 * TYPO_WORDS
    assert [each for each in leaves(plan([asked("密码密码密码", ZH)], Fake(), 1.0)) if isinstance(each, Typo)] == []


def test_unfinished_word_stands_for_all_that_begins_so() -> None:
    def found(query: str, *words: str) -> set[str]:
        return {
            each.word for each in leaves(plan([asked(query)], Fake(*words), 1.0, prefix=True)) if isinstance(each, Word)
        }

    assert found("my pass", "passport", "password", "pas", "my") == {"my", "pas", "passport", "password"}
    assert found("runni", "run", "runt") == {"runni", "run"}
    assert found("xyzzy", "run") == {"xyzzy"}


def test_single_character_is_the_beginning_of_a_bigram() -> None:
    tree = plan([asked("水", ZH)], Fake("水果", "果汁"), 1.0)
    assert {each.word for each in leaves(tree) if isinstance(each, Word)} == {"水", "水果"}


def test_synonyms_stand_beside_what_they_stand_for() -> None:
    synonyms = Synonyms([["sign in", "login"]], lambda _, text: text.split())
    tree = plan([asked("please sign in")], Fake("please", "sign", "in", "login"), 1.0, synonyms=synonyms)
    assert isinstance(tree, Sum)
    please, best, phrase = tree.parts[0].parts
    assert {each.word for each in leaves(please)} == {"please"}
    assert isinstance(best, Best)
    own, other = best.parts
    assert [each.word for each in leaves(own)] == ["sign", "sign", "in", "in"]
    assert (other.factor, [each.word for each in leaves(other)]) == (0.7, ["login", "login"])
    assert phrase.factor == 0.1


def test_languages_are_added_and_work_is_bounded() -> None:
    assert len(plan([asked("a"), asked("a", ZH)], Fake("a"), 1.0).parts) == 2
    assert plan([asked("")], Fake(), 1.0) is None
    lexicon = Fake()
    tree = plan([asked(" ".join(f"word{number}" for number in range(500)))], lexicon, 1.0)
    assert len({each.word for each in leaves(tree) if isinstance(each, Word)}) == QUERY_WORDS
    assert lexicon.lookups <= 2 * QUERY_WORDS
