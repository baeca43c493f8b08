"""The portal in a real browser before the local stack, and what it may never do there."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from local.template import ROOT
from testing.resources import continuous_integration
from tests.support.stack import StackProcess, aws
from tests.support.widget_browser import PATIENCE_MS, serious_faults

BUILT = ROOT / "functions" / "serve_site" / "site" / "portal"
# Where pictures go; nowhere unless it is said.
_PICTURES = os.environ.get("SCREENSHOTS")
_WATCH = (
    "window.broken = [];"
    "addEventListener('securitypolicyviolation', e => broken.push(e.violatedDirective + ' ' + e.blockedURI));"
)


def require_portal() -> None:
    """Skip a test that needs the built portal where it is missing; fail it in continuous integration."""
    if not (BUILT / "index.html").is_file():
        reason = "the portal is not built: run `make portal`"
        (pytest.fail if continuous_integration() else pytest.skip)(reason)


def new_tenant(stack: StackProcess) -> str:
    """Make a tenant that has nothing yet, and return the key of its administrator."""
    origin = stack.credentials["baseUrl"].removesuffix("/api")
    asked = {"FunctionName": "local-BootstrapTenantFunction", "Payload": b'{"name": "Portal"}'}
    answer = aws(stack, "lambda", origin).invoke(**asked)
    return str(json.loads(answer["Payload"].read())["secret"])


def first_screen(folder: Path) -> list[str]:
    """List the files that a browser asks for until Home is there, the page first."""
    page = (folder / "index.html").read_text("utf-8")
    named = re.findall(r'(?:src|href)="\./([^"]+)"', page)
    home = [each.relative_to(folder).as_posix() for each in folder.glob("home-*/*")]
    return ["index.html", *named, *home, *_imported(folder, home)]


def _imported(folder: Path, names: list[str]) -> list[str]:
    scripts = [folder / name for name in names if name.endswith(".js")]
    found = {
        (script.parent / path).resolve().relative_to(folder.resolve()).as_posix()
        for script in scripts
        for path in re.findall(r'from"(\.[^"]+)"', script.read_text("utf-8"))
    }
    return sorted(name for name in found if not name.startswith("index-"))


class Portal:
    """A person with the portal in front of them; `options` are those of a browser's context.

    Without a stack the person has nothing but a link, and `open` takes that.
    """

    def __init__(self, started: Browser, stack: StackProcess | None, **options: Any) -> None:
        require_portal()
        self.url = "" if stack is None else f"{stack.credentials['baseUrl']}/site/portal/"
        given = {"reduced_motion": "reduce", "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
        self.context = started.new_context(**given)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.said: list[str] = []
        self.foreign: list[str] = []
        # Links to the storage lead to another port of this machine.
        origin = "http://127.0.0.1:"
        self.page.on("console", lambda line: self.said.append(f"{line.type}: {line.text} {line.location.get('url')}"))
        self.page.on("pageerror", lambda error: self.said.append(f"pageerror: {error}"))
        self.page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda asked: None if asked.url.startswith(origin) else self.foreign.append(asked.url))
        self.page.add_init_script(_WATCH)

    def open(self, place: str = "", *, key: str | None = None) -> Page:
        """Open a place such as `#/content`, and sign in there with a key if one is given."""
        self.page.goto(self.url + place)
        if key is not None:
            self.sign_in(key)
        return self.page

    def sign_in(self, key: str) -> None:
        """Sign in on the page that asks for it."""
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("banner")).to_be_visible()

    def go(self, place: str) -> None:
        """Follow an address within the portal."""
        self.page.evaluate("place => { location.hash = place }", place)

    def picture(self, name: str, *, frame: bool = True) -> None:
        """Keep a picture of the page if pictures are wanted; without its frame it is of the screen alone."""
        if _PICTURES:
            folder = Path(_PICTURES)
            folder.mkdir(parents=True, exist_ok=True)
            # A picture of an element is taken where it was scrolled to, below the bar.
            clip = None if frame else self.page.locator("main").bounding_box()
            self.page.screenshot(path=folder / f"portal-{name}.png", full_page=True, clip=clip)

    def check(self) -> None:
        """Hold what holds on every screen: axe finds nothing serious, and nothing scrolls sideways."""
        faults = serious_faults(self.page)
        assert not faults, faults

    def close(self, *, refused: tuple[int, ...] = ()) -> None:
        """End the visit: no error on the console but of wanted answers, no policy broken, nobody else asked."""
        try:
            assert self.page.evaluate("broken") == []
            wanted = tuple(f"the server responded with a status of {status}" for status in refused)
            faults = [line for line in self.said if line.startswith(("error", "pageerror", "dialog", "warning"))]
            unwanted = [line for line in faults if not any(each in line for each in wanted)]
            assert not unwanted, unwanted
            assert not self.foreign, self.foreign
        finally:
            self.context.close()
