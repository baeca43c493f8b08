"""Which passages and sentences answer a question."""

from __future__ import annotations

from search.answers.choosing import choose_passages, choose_sentences, rank_sentences
from search.answers.model import Piece

REFUNDS = Piece("en", "Refunds", "", "We refund orders within 14 days. Gift cards are never refunded.")
PARCELS = Piece("en", "Parcels", "", "Parcels leave on Mondays. They are tracked by the carrier.")


def chosen(question: str, *pieces: Piece) -> list[str]:
    found = choose_sentences(question, pieces, 3)
    return [pieces[each.piece].text[each.start : each.end] for each in found]


def test_the_best_sentence_comes_first() -> None:
    assert chosen("When do you refund an order?", PARCELS, REFUNDS)[0] == "We refund orders within 14 days."
    assert chosen("Which carrier tracks parcels?", PARCELS, REFUNDS)[0] == "They are tracked by the carrier."


def test_nothing_is_chosen_without_confidence() -> None:
    assert chosen("Who won the football world cup?", PARCELS, REFUNDS) == []
    assert chosen("", PARCELS) == chosen("?!", PARCELS) == chosen("When?") == []
    assert rank_sentences("Anything?", [Piece("en", "", "", "")]) == []


def test_headings_lead_and_questions_do_not_answer() -> None:
    piece = Piece("en", "Help", "Resetting your password", "How do I reset my password? Press the button. Done.")
    other = Piece("en", "Help", "Colours", "Choose a colour. Done.")
    assert chosen("How do I reset my password?", other, piece)[0] == "Press the button."


def test_the_language_of_the_question_and_better_items_come_first() -> None:
    text = "Hotel Berlin 12"
    pieces = [Piece("plain", "", "", text, is_preferred=False), Piece("plain", "", "", text)]
    assert [each.piece for each in rank_sentences(text, pieces)] == [1, 0]
    pieces = [Piece("plain", "", "", text, promise=0.2), Piece("plain", "", "", text, promise=1.0)]
    assert [each.piece for each in rank_sentences(text, pieces)] == [1, 0]


def test_languages() -> None:
    german = Piece("de", "", "", "Rückerstattungen dauern 14 Tage. Pakete gehen montags los.")
    assert chosen("Wie lange dauern Rückerstattungen?", german)[0] == "Rückerstattungen dauern 14 Tage."
    chinese = Piece("cjk", "", "", "退款需要十四天。包裹星期一发出。")
    assert chosen("退款需要多少天？", chinese)[0] == "退款需要十四天。"
    arabic = Piece("ar", "", "", "يستغرق استرداد المال أربعة عشر يوما. تغادر الطرود يوم الاثنين.")
    assert chosen("كم يستغرق استرداد المال؟", arabic)[0].startswith("يستغرق")


def test_passages_that_say_most_are_chosen() -> None:
    assert choose_passages("When do you refund an order?", [PARCELS, REFUNDS, PARCELS], 2)[0] == 1
    assert choose_passages("anything", [], 2) == []
