"""A real browser, without a window, that opens a page of a site of its own; the page tells the site what it found."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from testing.resources import continuous_integration

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# A name that is nobody's, which the browser is told to find on this machine: what a page's maker does in his own DNS.
FOREIGN_HOST = "evil.example"


def require_browser() -> str:
    """Skip a test that needs a browser where there is none; fail it in continuous integration."""
    for program in _PROGRAMS:
        if found := shutil.which(program):
            return found
    reason = "no browser is installed: apt-get install chromium"
    if continuous_integration():
        pytest.fail(reason)
    pytest.skip(reason)


class Site:
    """Serves one page, and takes what the page tells at `/told`."""

    def __init__(self, page: str) -> None:
        told: SimpleQueue[Any] = SimpleQueue()
        self.told = told

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def do_POST(self) -> None:
                told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{FOREIGN_HOST}:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def browsing(program: str, url: str, profile: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have a browser open a page; it ends with the block."""
    command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command += ["--disable-background-networking", f"--user-data-dir={profile}", "--no-proxy-server"]
    command += [f"--host-resolver-rules=MAP {FOREIGN_HOST} 127.0.0.1", url]
    with (profile.parent / "browser.log").open("wb") as log:
        browser = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield browser
    finally:
        browser.kill()
        browser.wait()


def told_by(page: str, profile: Path, *, seconds: float) -> Any:
    """Open a page in a browser, and return what it tells."""
    program = require_browser()
    site = Site(page)
    try:
        with browsing(program, site.url, profile):
            return site.told.get(timeout=seconds)
    finally:
        site.close()
