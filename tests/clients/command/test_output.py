"""What is printed where."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest
from knowledge_client.command.output import Output, columns, shown, styled


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Not a fixture: pytest puts its own streams in place when a test begins."""
    made = Terminal()
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return made


LINE = styled(("changed", "bold red"), " [b]a[/b] " + "long " * 60)


def test_terminal_gets_colours_and_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    Output().tell({}, [LINE])
    assert terminal.getvalue() == "\x1b[1;31mchanged\x1b[0m [b]a[/b] " + "long " * 60 + "\n"


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    Output().tell({}, [styled(("changed", "red"))])
    assert terminal.getvalue() == "changed\n"


def test_elsewhere_lines_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.tell({}, [LINE])
    with out.progress("Sending", 3) as advance:
        advance(3)
    printed = capsys.readouterr()
    assert printed.out == "changed [b]a[/b] " + "long " * 60 + "\n"
    assert printed.err == "Sending ...\n"


def test_progress_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with Output().progress("Sending", 3) as advance:
        advance(3)
    assert "Sending" in terminal.getvalue()
    assert "━" in terminal.getvalue()


def test_json_is_one_document_and_quiet_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for options, wanted in (({"as_json": True}, {"a": "ä"}), ({"quiet": True}, None)):
        out = Output(**options)  # type: ignore[arg-type]
        out.note("a note")
        with out.progress("Sending") as advance:
            advance(1)
        out.tell({"a": "ä"}, ["a line"])
        printed = capsys.readouterr()
        assert printed.err == ""
        assert (json.loads(printed.out) if printed.out else None) == wanted


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_console_of_another_charset_shows_what_it_can(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, newline="\n"))
    Output().tell({}, ["größe 日本"])
    Output(as_json=True).tell({"title": "日本"})
    line, _, document = raw.getvalue().decode(encoding).partition("\n")
    assert line.endswith("日本" if encoding == "utf-8" else r"\u65e5\u672c")
    assert json.loads(document) == {"title": "日本"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("a\x1b[31mb", r"a\x1b[31mb"), ("a\nb", r"a\nb"), ("\u202efdp.exe", r"\u202efdp.exe"), ("\udcff", r"\udcff")],
)
def test_what_a_terminal_obeys_is_shown_as_an_escape(text: str, wanted: str) -> None:
    assert shown(text) == wanted
    assert styled(text, (text, "red")).plain == wanted * 2


def test_columns_are_as_wide_as_what_they_show(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[list[Any]] = [["日本", 1], ["a", 20]]
    Output().tell({}, columns(["name", "n"], rows))
    assert capsys.readouterr().out == "name  n\n日本  1\na     20\n"
