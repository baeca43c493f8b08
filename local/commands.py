"""What `up` and `demo` do, from start to Ctrl-C, and what `fire`, `usage` and `env` ask of a running stack."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from pathlib import Path
from typing import NoReturn

from local.console import say
from local.credentials import withdraw_credentials, write_credentials
from local.emulators.containers import Containers
from local.emulators.dynoxide import find_dynoxide
from local.running import ask
from local.stack import Stack
from local.template import ROOT
from local.usage import disk_bytes, told
from local.workers.remote import endpoint_answers

_CHECK_SECONDS = 1.0


def up(arguments: argparse.Namespace) -> None:
    """Start the stack, write the credentials file, serve until it is told to stop, remove the file."""
    containers = arguments.containers and Containers(arguments.containers[0], Path(arguments.containers[1]))
    stack = _stack(arguments, containers=containers, lambda_url=arguments.lambda_url)
    try:
        if arguments.lambda_url:
            _await_functions(stack, arguments.lambda_url)
        write_credentials(arguments.credentials, stack.base_url, stack.credentials(), stack.door.key.key_id)
        say(f"The API is at {stack.base_url}")
        say(f"The keys are in {arguments.credentials} (until the stack ends; Ctrl-C ends it)")
        _serve(stack)
    finally:
        withdraw_credentials(arguments.credentials, stack.base_url)
        stack.stop()


def demo(arguments: argparse.Namespace) -> None:
    """Start the stack on its kept data, publish a folder, serve until told to stop."""
    # Users have it installed. Only here, since a stack alone does without what it brings along.
    sys.path.append(str(ROOT / "clients" / "python" / "src"))
    from local.demo import HELP_CENTRE, HELP_CENTRE_LANGUAGE, publish

    if not find_dynoxide() and not os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"):
        say("warning: without Dynoxide (`npm ci`) nothing of this demo is kept for the next one")
        arguments.data = None
    stack = _stack(arguments)
    try:
        credentials = stack.credentials()
        language = arguments.language or (None if arguments.content else HELP_CENTRE_LANGUAGE)
        publish(stack.base_url, credentials, arguments.content or HELP_CENTRE, stack.data.path, language)
        if not arguments.once:
            if arguments.credentials:
                write_credentials(arguments.credentials, stack.base_url, credentials, stack.door.key.key_id)
                say(f"The keys are in {arguments.credentials} (until Ctrl-C)")
            say(f"Serving at {stack.base_url} until Ctrl-C")
            _serve(stack)
    finally:
        if arguments.credentials:
            withdraw_credentials(arguments.credentials, stack.base_url)
        stack.stop()


def fire(arguments: argparse.Namespace) -> None:
    """Have the running stack fire a schedule now; what becomes of it is seen on the stack's console."""
    fired = ask(arguments.credentials, "POST", f"fire/{arguments.name}")["fired"]
    say(f"Fired {', '.join(fired)}")


def usage(arguments: argparse.Namespace) -> None:
    """Show the resident memory of the running stack's processes, and what lies on the disk."""
    for kind, sizes in ask(arguments.credentials, "GET", "usage").items():
        print(f"{kind}: {told(sizes)}")


def env(arguments: argparse.Namespace) -> None:
    """Print the settings of the running stack for `eval`."""
    for name, value in ask(arguments.credentials, "GET", "environment").items():
        print(f"export {name}={shlex.quote(value)}")


def _stack(
    arguments: argparse.Namespace, *, containers: Containers | None = None, lambda_url: str | None = None
) -> Stack:
    say("Starting the local stack ...")
    stack = Stack(
        port=arguments.port,
        data_directory=arguments.data,
        workers=arguments.workers,
        verbose=arguments.verbose,
        template_path=arguments.template,
        parameters=arguments.parameter,
        containers=containers,
        lambda_url=lambda_url,
    )
    if stack.data.durable:
        say(f"The data in {stack.data.path} takes {told(disk_bytes(stack.data))}")
    return stack


def _await_functions(stack: Stack, url: str) -> None:
    if endpoint_answers(url):
        return
    say(f"Waiting for the functions at {url} ...")
    while not endpoint_answers(url):
        time.sleep(_CHECK_SECONDS)
        stack.check()


def _serve(stack: Stack) -> NoReturn:
    while True:
        time.sleep(_CHECK_SECONDS)
        stack.check()
