"""The analysis follows what is said of a text, and its script where nothing is said."""

from __future__ import annotations

import pytest
from search.languages.choice import ANALYSES, CJK, PLAIN, STEMMERS, analysis_of


@pytest.mark.parametrize(
    ("language", "default", "text", "analysis"),
    [
        ("de", "en", "text", "de"),
        ("de-AT", None, "text", "de"),
        ("EN-us", None, "text", "en"),
        ("nb", None, "tekst", "no"),
        ("zh-Hant", "en", "text", CJK),
        ("ja", None, "text", CJK),
        ("pl", "en", "tekst", PLAIN),
        (None, "fr", "text", "fr"),
        (None, "fr-CA", "中文", "fr"),
        (None, None, "A text in some language", PLAIN),
        (None, None, "Straßenbahn", PLAIN),
        (None, None, "如何重置密码 iPhone", CJK),
        (None, None, "パスワードを忘れた", CJK),
        (None, None, "비밀번호 재설정", CJK),
        (None, None, "ลืมรหัสผ่าน", CJK),
        (None, None, "Как сбросить пароль", "ru"),
        (None, None, "Πώς να αλλάξω", "el"),
        (None, None, "كيف أغير كلمة", "ar"),
        (None, None, "கடவுச்சொல்", "ta"),
        (None, None, "An English text that names the 中 once", PLAIN),
        (None, None, "١٢٣ !", PLAIN),
        (None, None, "", PLAIN),
        ("", "", "", PLAIN),
    ],
)
def test_choice(language: str | None, default: str | None, text: str, analysis: str) -> None:
    assert analysis_of(language, default, "", text) == analysis


def test_there_are_18_stemmers_and_two_others() -> None:
    assert len(STEMMERS) == 18
    assert set(ANALYSES) == {*STEMMERS, CJK, PLAIN}
