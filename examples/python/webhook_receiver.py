"""Receives webhooks, and prints each event once, as a line of JSON.

    export WEBHOOK_SECRET="whsec_..."   # two of them, separated by a space, while you rotate the secret
    python webhook_receiver.py --port 8080

Put it behind something that speaks https. Needs Python 3.11 and knowledge-client.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import threading
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from knowledge_client import UnverifiedWebhookError, verify_webhook

MAX_BODY_BYTES = 64 * 1024
REMEMBERED_IDS = 10_000


class Inbox:
    """What has come in: each event once, though a message may be delivered several times.

    Here both the ids and the events live in memory. In production insert them into your database in one transaction,
    with the id as unique key, and do the work from there.
    """

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self._events: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()

    def put(self, webhook_id: str, event: dict[str, Any]) -> None:
        """Take an event in, unless a message of the same id was."""
        with self._lock:
            if webhook_id in self._ids:
                return
            self._ids[webhook_id] = None
            if len(self._ids) > REMEMBERED_IDS:
                self._ids.popitem(last=False)
        self._events.put((webhook_id, event))

    def work(self) -> None:
        """Handle one event after the other, forever: this is where your code goes."""
        while True:
            webhook_id, event = self._events.get()
            print(json.dumps({"webhookId": webhook_id, "event": event}, ensure_ascii=False), flush=True)


class Receiver(BaseHTTPRequestHandler):
    """Verifies, stores and answers at once; the work is done afterwards, since a slow answer is delivered again."""

    timeout = 10
    inbox: Inbox
    secrets: list[str]

    def do_POST(self) -> None:
        """Answer 204 to what is verified, 400 or 401 to what is not."""
        length = self.headers.get("Content-Length") or ""
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self._answer(413 if length.isdecimal() else 411)
            return
        try:
            event = verify_webhook(self.rfile.read(int(length)), dict(self.headers.items()), self.secrets)
        except UnverifiedWebhookError as error:
            self._answer(error.status, str(error))
            return
        self.inbox.put(self.headers["webhook-id"], event)
        self._answer(204)

    def _answer(self, status: int, message: str = "") -> None:
        body = message.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print events only."""


def main() -> None:
    """Serve until Ctrl-C; the first line of the output is the port."""
    parser = argparse.ArgumentParser(description="Receive webhooks, and print each event as a line of JSON.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 for a free one")
    parser.add_argument("--secret", action="append", help="whsec_..., repeatable (default: those in WEBHOOK_SECRET)")
    arguments = parser.parse_args()
    Receiver.secrets = arguments.secret or os.environ.get("WEBHOOK_SECRET", "").split()
    if not Receiver.secrets:
        parser.error("set WEBHOOK_SECRET, or use --secret")
    if not all(re.fullmatch(r"whsec_[A-Za-z0-9+/]+={0,2}", secret) for secret in Receiver.secrets):
        parser.error("a secret is whsec_ and base64; copy it anew")
    Receiver.inbox = Inbox()
    threading.Thread(target=Receiver.inbox.work, daemon=True).start()
    try:
        server = ThreadingHTTPServer((arguments.host, arguments.port), Receiver)
    except (OSError, OverflowError) as error:
        parser.error(f"can't listen on {arguments.host}:{arguments.port}: {error}; choose another with --port")
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
