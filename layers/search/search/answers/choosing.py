"""Which passages and sentences answer a question, by how much of it they say: always the same for the same texts.

A word of a question weighs the more the rarer it is among the sentences that are chosen from; one of those that make a
question of a sentence (who, when, how) weighs little. A sentence counts for what it says of the question itself, and
less for what its passage, its neighbours, headings and title say, since few sentences name what they are about. Another
form of a word (a part of a compound) counts half, words that stand together as in the question a little more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from search.answers.model import Chosen, Piece, Span
from search.answers.sentences import sentence_spans
from search.engine.analysis import spans, words
from search.languages.choice import CJK
from search.languages.questions import question_words
from search.limits import QUERY_WORDS

# Below it the best sentence is no answer. Of questions whose answer was taken away it refuses four of five, and keeps
# nine of ten of the others (benchmarks/answers).
CONFIDENT = 0.66
# Of what the best sentence scores; others are left out.
_WORTH = 0.5
_PASSAGE_WEIGHT = 0.5
_NEAR_WEIGHT = 0.5
_PAIR_WEIGHT = 0.3
_LEADING_WEIGHT = 0.8
_PROMISE_WEIGHT = 1.0
_QUESTION_WORD = 0.02
_OTHER_FORM = 0.5
_FORM_LETTERS = 5
# Only ranks: what the best items say, and what is in the language of the question, comes before what others say.
_OTHER_LANGUAGE = 0.85
# Sentences that are thought to be there besides: a word that all of three sentences have is not therefore a common one.
_UNSEEN_SENTENCES = 30


class _Sentence(NamedTuple):
    span: Span
    words: tuple[str, ...]


class _Read(NamedTuple):
    """A piece with its sentences, and the words that lead to it."""

    piece: Piece
    sentences: list[_Sentence]
    leading: frozenset[str]


class _Asked(NamedTuple):
    """The words of a question by one analysis, how they weigh (together 1), and what else counts for each."""

    weights: dict[str, float]
    pairs: list[tuple[str, str]]
    forms: dict[str, frozenset[str]]

    def shares(self, found: Collection[str]) -> dict[str, float]:
        """Tell for each word how far it is found, from 0 to 1."""
        return {
            word: 1.0 if word in found else _OTHER_FORM if not self.forms[word].isdisjoint(found) else 0.0
            for word in self.weights
        }

    def weigh(self, shares: Mapping[str, float]) -> float:
        """Return how much of the question is found, from 0 to 1."""
        return sum(self.weights[word] * share for word, share in shares.items())


def choose_passages(question: str, pieces: Sequence[Piece], most: int) -> list[int]:
    """Return the numbers of the pieces that say most of a question, the best first; of equals the first.

    Raises EngineFailedError.
    """
    read = [_read(each) for each in pieces]
    asked = _asked(question, read)
    scores = []
    for each in read:
        own, best = asked[each.piece.analysis], 0.0
        found = {word for sentence in each.sentences for word in sentence.words} | each.leading
        for sentence in each.sentences:
            best = max(best, own.weigh(own.shares(sentence.words)))
        scores.append(_rank(own.weigh(own.shares(found)) + best, each.piece))
    return sorted(range(len(pieces)), key=lambda at: -scores[at])[:most]


def choose_sentences(question: str, pieces: Sequence[Piece], most: int) -> list[Chosen]:
    """Return the sentences that answer a question, the best first; none when it is not sure that any does.

    The pieces are in their order, the most promising first. Raises EngineFailedError.
    """
    ranked = rank_sentences(question, pieces)
    if not ranked or ranked[0].score < CONFIDENT:
        return []
    return [each for each in ranked[:most] if each.score >= _WORTH * ranked[0].score]


def rank_sentences(question: str, pieces: Sequence[Piece]) -> list[Chosen]:
    """Return all sentences that could answer, the best first, whatever their scores. Raises EngineFailedError."""
    read = [_read(each) for each in pieces]
    asked = _asked(question, read)
    found = [chosen for number, each in enumerate(read) for chosen in _scored(number, each, asked[each.piece.analysis])]
    return sorted(found, key=lambda chosen: -_rank(chosen.score, pieces[chosen.piece]))


def _scored(number: int, read: _Read, asked: _Asked) -> Iterable[Chosen]:
    text = read.piece.text
    shares = [asked.shares(each.words) for each in read.sentences]
    leading = asked.shares(read.leading)
    whole = asked.weigh({word: max([leading[word], *(each[word] for each in shares)]) for word in asked.weights})
    for at, (span, found) in enumerate(read.sentences):
        if text[span.start : span.end].rstrip("\"'”»)").endswith(("?", "？", "؟")):
            # What asks does not answer; what stands beside it may.
            continue
        own, beside = shares[at], [*shares[max(0, at - 1) : at], *shares[at + 1 : at + 2]]
        near = {
            word: max(
                own[word],
                _LEADING_WEIGHT * leading[word],
                _NEAR_WEIGHT * max((each[word] for each in beside), default=0),
            )
            for word in asked.weights
        }
        told = set(pairwise(found))
        pairs = sum(min(asked.weights[one], asked.weights[other]) for one, other in asked.pairs if (one, other) in told)
        yield Chosen(number, *span, asked.weigh(near) + _PASSAGE_WEIGHT * whole + _PAIR_WEIGHT * pairs)


def _rank(score: float, piece: Piece) -> float:
    return (score + _PROMISE_WEIGHT * piece.promise) * (1.0 if piece.is_preferred else _OTHER_LANGUAGE)


def _read(piece: Piece) -> _Read:
    found = iter([*spans(piece.analysis, piece.text)])
    sentences = []
    word = next(found, None)
    for span in sentence_spans(piece.text, piece.analysis):
        own: list[str] = []
        while word is not None and word.start < span.end:
            own.append(word.word)
            word = next(found, None)
        sentences.append(_Sentence(span, tuple(own)))
    leading = f"{piece.title}\n{piece.section}"
    return _Read(piece, sentences, frozenset(words(piece.analysis, leading)))


def _asked(question: str, read: Sequence[_Read]) -> dict[str, _Asked]:
    alike: dict[str, list[_Read]] = {}
    for each in read:
        alike.setdefault(each.piece.analysis, []).append(each)
    return {analysis: _asked_of(question, analysis, some) for analysis, some in alike.items()}


def _asked_of(question: str, analysis: str, read: Sequence[_Read]) -> _Asked:
    asked = words(analysis, question)[:QUERY_WORDS]
    sentences = [frozenset(each.words) for one in read for each in one.sentences]
    counts = Counter(word for each in sentences for word in each)
    known = [*counts, *(word for each in read for word in each.leading)]
    weak = question_words(analysis, question, words)
    weights = {word: _rarity(counts[word], len(sentences)) * (_QUESTION_WORD if word in weak else 1) for word in asked}
    whole = sum(weights.values()) or 1.0
    forms = {word: frozenset() if word in weak or analysis == CJK else _forms(word, known) for word in weights}
    return _Asked({word: weight / whole for word, weight in weights.items()}, [*pairwise(asked)], forms)


def _rarity(count: int, sentences: int) -> float:
    return math.log(1 + (sentences + _UNSEEN_SENTENCES - count + 0.5) / (count + 0.5))


def _forms(word: str, known: Iterable[str]) -> frozenset[str]:
    return frozenset(
        each
        for each in known
        if each != word
        and ((len(word) >= _FORM_LETTERS and word in each) or (len(each) >= _FORM_LETTERS and each in word))
    )
