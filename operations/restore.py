"""Brings a deployment back to an earlier moment, and stops and resumes what writes: see docs/operations/restore.md.

    python -m operations.restore --stack STACK stop
    python -m operations.restore --stack STACK tables --at 2026-11-20T09:00:00Z
    python -m operations.restore --stack STACK objects --at 2026-11-20T09:00:00Z
    python -m operations.restore --stack STACK rows --at 2026-11-20T09:00:00Z
    python -m operations.restore --stack STACK erasures --at 2026-11-20T09:00:00Z
    python -m operations.restore --stack STACK resume
    python -m operations.restore --stack STACK uploads --at 2026-11-20T09:00:00Z [--start]
    python -m operations.restore --stack STACK drop --at 2026-11-20T09:00:00Z

Each command can be repeated, and goes on where it was cut off.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import datetime

from operations.copying import Copies, restore_objects
from operations.erasures import Erasures
from operations.held_events import HeldEvents
from operations.revival import Revival
from operations.stack import DeployedStack, RefusedError, find_stack
from operations.stopping import Writers

_QUIET, _SETTLE = "RESTORE_QUIET_SECONDS", "RESTORE_SETTLE_SECONDS"


def say(text: str) -> None:
    """Print a line that tells how far it is, with the time."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def run(stack: DeployedStack, chosen: argparse.Namespace) -> None:
    """Carry a command out. Raises RefusedError when something else is to be done first."""
    writers = Writers(stack, HeldEvents(stack, chosen.settle_seconds), say)
    revival = Revival(stack, say)
    match chosen.command:
        case "stop":
            writers.stop(chosen.quiet_seconds)
        case "resume":
            writers.resume(revival.revive)
        case "tables":
            Copies(stack, chosen.at, say).make()
        case "rows":
            writers.require_stopped()
            Copies(stack, chosen.at, say).copy_back()
        case "objects":
            writers.require_stopped()
            bucket = stack.physical("ContentBucket")
            say(f"{bucket}: {restore_objects(stack.client('s3'), bucket, chosen.at, say)} objects brought back")
        case "erasures":
            writers.require_stopped()
            Erasures(stack, say).replay(chosen.at)
        case "uploads":
            for upload in revival.uploads_since(chosen.at, start=chosen.start):
                sys.stdout.write(json.dumps(upload) + "\n")
        case _:
            Copies(stack, chosen.at, say).drop()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("say which zone, such as 2026-11-20T09:00:00Z")
    return moment


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read a command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack")
    parser.add_argument(
        "--settle-seconds",
        type=float,
        default=float(os.environ.get(_SETTLE, "60")),
        help=f"how long a changed rule takes to be known everywhere; by default {_SETTLE}, or 60",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    stopping = commands.add_parser("stop", help="let nothing write any more, and keep what comes meanwhile")
    stopping.add_argument(
        "--quiet-seconds",
        type=float,
        default=float(os.environ[_QUIET]) if _QUIET in os.environ else None,
        help=f"how long what had begun is waited for; by default {_QUIET}, or as long as the slowest function may take",
    )
    commands.add_parser("resume", help="let everything go on, with what came meanwhile")
    for command, text in (
        ("tables", "have DynamoDB restore the tables beside the stack's own"),
        ("objects", "bring back what was deleted from the bucket since"),
        ("rows", "make the stack's tables hold exactly the rows that they had"),
        ("erasures", "take back again what was taken back since"),
        ("uploads", "tell which files for imports came since"),
        ("drop", "delete the tables that DynamoDB restored"),
    ):
        command_parser = commands.add_parser(command, help=text)
        command_parser.add_argument("--at", required=True, type=_moment, help="the moment to go back to")
        if command == "uploads":
            command_parser.add_argument("--start", action="store_true", help="begin their imports")
    return parser.parse_args(arguments)


def main() -> int:
    """Do what the command line asks, with the credentials and the region of the environment."""
    chosen = parse()
    try:
        run(find_stack(chosen.stack), chosen)
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
