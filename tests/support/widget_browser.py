"""The widget on a page of a real browser, and what it may never do there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from local.template import ROOT
from testing.resources import continuous_integration
from tests.support.browser import require_browser

# Far more than a page takes on a busy machine; what it is to show and does not is told then.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
AXE = ROOT / "widget" / "node_modules" / "axe-core" / "axe.min.js"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window, of this machine."""
    program = require_browser()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield started
        started.close()


def require_axe() -> Path:
    """Skip a test that needs axe where it is missing; fail it in continuous integration."""
    if not AXE.is_file():
        (pytest.fail if continuous_integration() else pytest.skip)("axe-core is not installed: run `make setup`")
    return AXE


def serious_faults(page: Page) -> list[str]:
    """List what axe finds serious or critical, and whether the page scrolls sideways."""
    page.evaluate(f"() => {{ {require_axe().read_text('utf-8')} }}")
    report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    found = [
        f"{each['impact']} {each['id']}: {node['html'][:160]} {node['any'][:1]}"
        for each in report["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("the page scrolls sideways")
    return found


class Visit:
    """A page with a widget, in a browser context of its own."""

    def __init__(self, started: Browser, url: str, *, options: dict[str, Any] | None = None) -> None:
        self.context = started.new_context(reduced_motion="reduce", **(options or {}))
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"pageerror: {error}"))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.add_init_script(
            "window.broken = []; window.told = [];"
            "addEventListener('securitypolicyviolation', e => broken.push(e.violatedDirective + ' ' + e.blockedURI));"
            "for (const what of ['search', 'answer', 'select', 'error'])"
            " addEventListener('knowledge-' + what, e => told.push([what, e.detail]));"
        )
        self.page.goto(url)
        self.page.wait_for_function("customElements.get('knowledge-widget') !== undefined")
        self.input: Locator = self.page.locator("knowledge-widget").get_by_role("combobox")

    def part(self, name: str) -> Locator:
        """The elements of a part of the widget."""
        return self.page.locator(f"css=[part={name}]")

    @property
    def options(self) -> Locator:
        """The results that are shown."""
        return self.page.get_by_role("option")

    @property
    def active(self) -> str | None:
        """The text of the result that the input points at, for whoever hears the page."""
        found: str | None = self.input.evaluate(
            "input => { const id = input.getAttribute('aria-activedescendant');"
            " return id && input.getRootNode().getElementById(id).firstChild.textContent }"
        )
        return found

    @property
    def status(self) -> Locator:
        """What is said to whoever does not see the page."""
        return self.page.get_by_role("status")

    def type(self, text: str) -> None:
        """Type into the field, key by key."""
        self.input.focus()
        self.page.keyboard.type(text)

    def ask(self, question: str) -> None:
        """Ask a question with the keyboard."""
        self.type(question)
        self.page.keyboard.press("Enter")

    def told(self) -> list[Any]:
        """The events of the widget."""
        events: list[Any] = self.page.evaluate("told")
        return events

    def violations(self) -> list[str]:
        """What the page's policy refused."""
        broken: list[str] = self.page.evaluate("broken")
        return broken

    def faults(self) -> list[str]:
        """What is wrong with the page for some people."""
        return serious_faults(self.page)

    def close(self) -> None:
        """End the visit: the policy was kept, nothing went wrong, and nothing ran that came as text."""
        try:
            assert self.violations() == []
            assert [line for line in self.said if line.startswith(("pageerror", "dialog"))] == []
        finally:
            self.context.close()
