"""The portal's words: each in both languages, with the same places to fill in, once, and said somewhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "portal" / "src"
_TEXT = r'"(?:[^"\\]|\\.)*"'
_MESSAGE = re.compile(rf"^  ({_TEXT}): \[\s*({_TEXT}),\s*({_TEXT}),?\s*\],$", re.MULTILINE)
_PLACE = re.compile(r"\{(\w+)\}")


def messages() -> list[tuple[str, str, str]]:
    """Key, English and German of each message, as the files have them."""
    found = []
    for file in sorted((SOURCE / "messages").glob("*.ts")):
        text = file.read_text("utf-8")
        read = [(json.loads(key), json.loads(en), json.loads(de)) for key, en, de in _MESSAGE.findall(text)]
        assert len(read) == len(re.findall('^  "', text, re.MULTILINE)), file
        found += read
    return found


def test_every_message_is_there_once() -> None:
    keys = Counter(key for key, _, _ in messages())
    assert len(keys) > 100
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_message_has_words_in_both_languages_and_the_same_places() -> None:
    for key, *texts in messages():
        for text in texts:
            assert text == text.strip() != "", key
            assert len(text.split(" || ")) <= 2, key
        english, german = (set(_PLACE.findall(text)) for text in texts)
        assert english == german, key


def test_every_message_is_said() -> None:
    code = "".join(
        path.read_text("utf-8")
        for path in SOURCE.rglob("*.ts*")
        if path.parent.name != "messages" or path.stem == "index"
    )
    # Keys that code puts together, such as `item.${state}`.
    made = tuple(re.findall(r"`([\w.]+[._])\$\{", code))
    silent = [key for key, _, _ in messages() if f'"{key}"' not in code and not key.startswith(made)]
    assert silent == []
