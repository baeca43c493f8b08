"""`python -m local`: starts the local stack and serves until it is told to stop, or asks something of a running one."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from local.failures import LocalStackError, MissingToolError

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedError(BaseException):
    """Raised in the main thread when the user wants the stack to end, whatever it is doing."""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    root = argparse.ArgumentParser(prog="python -m local", description="Runs template.yaml on this machine.")
    commands = root.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the stack and serve until Ctrl-C")
    up.add_argument("--credentials", type=Path, required=True, help="file to write the URL and the keys to when ready")
    _add_stack_options(up, port=8787, data=None)
    _add_container_options(up)
    demo = commands.add_parser("demo", help="start the stack, publish a folder of documents, keep serving")
    demo.add_argument("--content", type=Path, help="folder of .md, .html and .txt files (default: examples/content)")
    demo.add_argument("--language", help="what most of the folder is written in, such as de (default for examples: en)")
    demo.add_argument("--credentials", type=Path, help="file to write the URL and the keys to while it serves")
    demo.add_argument("--once", action="store_true", help="end after publishing instead of serving on")
    _add_stack_options(demo, port=8787, data=Path(".local/demo"))
    fire = commands.add_parser("fire", help="fire a schedule of a running stack now")
    fire.add_argument("name", help="logical id of a schedule, or of the function or state machine that it starts")
    _add_credentials_option(fire)
    usage = commands.add_parser("usage", help="show what a running stack takes of memory and disk")
    _add_credentials_option(usage)
    env = commands.add_parser("env", help="print the settings that lead the AWS CLI and SDKs to a running stack")
    _add_credentials_option(env)
    return root


def _add_credentials_option(command: argparse.ArgumentParser) -> None:
    default = Path(".local/credentials.json")
    command.add_argument(
        "--credentials", type=Path, default=default, help=f"file that the running stack wrote (default {default})"
    )


def _add_container_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--containers",
        nargs=2,
        metavar=("ADDRESS", "FILE"),
        help="let containers reach the emulators at an address of this machine, such as that of Docker's bridge, and "
        "write the functions' variables to a file for `sam local --env-vars`",
    )
    command.add_argument(
        "--lambda-url", metavar="URL", help="run the functions there (`sam local start-lambda`), not in processes here"
    )


def _add_stack_options(command: argparse.ArgumentParser, *, port: int, data: Path | None) -> None:
    command.add_argument("--port", type=int, default=port, help=f"port of 127.0.0.1, 0 for a free one (default {port})")
    command.add_argument("--data", type=Path, default=data, help=f"directory that outlives the stack (default {data})")
    command.add_argument("--workers", type=int, default=2, help="worker processes a function, at most (default 2)")
    command.add_argument("--template", type=Path, default=Path("template.yaml"), help="template to run")
    command.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE", help="value of a parameter of the template"
    )
    command.add_argument("--verbose", action="store_true", help="show every AWS call of the functions")


def main() -> int:
    """Run a command; the exit code says what went wrong (see `local.failures`)."""
    # What it writes holds keys, or tenants' contents in clear.
    os.umask(0o077)
    arguments = parser().parse_args()
    for number in _ENDINGS:
        signal.signal(number, _stop)
    try:
        try:
            from local import commands
        except ImportError as error:
            raise MissingToolError(f"{error.name} is not installed: run `make setup`") from error
        run = {"up": commands.up, "demo": commands.demo, "fire": commands.fire}
        run |= {"env": commands.env, "usage": commands.usage}
        run[arguments.command](arguments)
    except StoppedError:
        pass
    except LocalStackError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _stop(*_: object) -> NoReturn:
    # Once is enough: what is tidied up from here on is not interrupted again.
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    raise StoppedError


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that wait for a cut-off request must not hold up the end.
    os._exit(code)
