"""The process that emulates every AWS service but DynamoDB and Lambda, on moto: `python -m local.emulators.aws`.

It listens on a free port of 127.0.0.1, says which on its standard output, and dies with the stack that started it.
"""

from __future__ import annotations

import local.emulators.lean_start  # noqa: F401 - before anything imports moto's Step Functions

# isort: split
import argparse
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local.door import AccessKey, Door
from local.emulators.bus import Bus
from local.emulators.doorman import guarded
from local.emulators.execution_files import ExecutionFiles
from local.emulators.kms_keys import install_keys
from local.emulators.lean_memory import forget_models
from local.emulators.objects import ObjectFiles, watch_objects
from local.emulators.presigned import checked
from local.emulators.queue_files import QueueFiles
from local.emulators.queues import install_queues
from local.emulators.states import install_state_machines
from local.emulators.streams import install_streams
from local.guard import die_with_parent

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_READS = {"GET", "HEAD"}
_FORM = "application/x-www-form-urlencoded"


class QuietHandler(MotoRequestHandler):
    """Sends small answers at once, and logs nothing; werkzeug closes each connection behind its answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, *_: Any, **__: Any) -> None:
        """Log nothing: `--verbose` shows every call from the caller's side."""


def serialised(app: WsgiApp, files: ObjectFiles, bus: Bus) -> WsgiApp:
    """Run one write to S3 at a time, have it on disk before it is answered, and then tell the bus of it.

    moto looks whether an object is there and then stores it: without a lock two conditional puts could both win.
    """
    writing = threading.RLock()
    touched = watch_objects()

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", "/s3/aws4_request"):
            return app(environ, start_response)
        if environ["REQUEST_METHOD"] in _READS:
            return app(environ, start_response)
        if environ["REQUEST_METHOD"] == "PUT" and environ.get("CONTENT_TYPE", "").startswith(_FORM):
            # What `curl --data-binary` says of any file. S3 takes bytes; here a form would be read, and the file lost.
            environ["CONTENT_TYPE"] = "application/octet-stream"
        with writing:
            touched.clear()
            bus.object_events.clear()
            answer = app(environ, start_response)
            files.store(touched.drain())
        # S3 answers whether its events find a listener or not.
        with contextlib.suppress(OSError):
            bus.publish_object_events()
        return answer

    return run


def main() -> None:
    """Serve until the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m local.emulators.aws")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--front", type=int, required=True, help="port of 127.0.0.1 where functions are invoked")
    parser.add_argument("--host", action="append", default=[], help="further name of this machine")
    parser.add_argument("--objects", type=Path, required=True, help="where the objects of S3 lie")
    parser.add_argument("--data", type=Path, help="where what else must last is written through to")
    parser.add_argument("--kms-key", nargs=2, action="append", default=[], help="id and spec of a KMS key to create")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    key = AccessKey(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    door = Door(key, arguments.front, tuple(arguments.host))
    # The interpreter reports every optional path of a state that is absent as an error.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    forget_models()
    data: Path | None = arguments.data
    install_state_machines(door, ExecutionFiles(data / "executions") if data else None)
    install_queues(QueueFiles(data / "queues") if data else None)
    install_streams()
    bus = Bus(door)
    bus.install()
    install_keys(dict(arguments.kms_key), data / "kms-keys" if data else None)
    files = ObjectFiles(arguments.objects)
    files.load()
    app = checked(serialised(DomainDispatcherApplication(create_backend_app), files, bus), {key.key_id: key.secret})
    server: Any = make_server("127.0.0.1", 0, guarded(app, door), threaded=True, request_handler=QuietHandler)
    server.daemon_threads = True
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
