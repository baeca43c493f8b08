"""What every command takes, before or behind its name: `kb --json status` and `kb status --json`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from knowledge_client.command.output import Output

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass
class Options:
    """What was said on the command line, or in the environment."""

    json: bool = False
    quiet: bool = False
    base_url: str | None = None
    key_file: Path | None = None
    config: Path | None = None

    def output(self) -> Output:
        """Where results go."""
        return Output(as_json=self.json, quiet=self.quiet)


def common_options(function: Function) -> Function:
    """Add the options that every command takes."""
    for option in (
        _option("--config", type=click.Path(path_type=Path), help="The kb.toml; else the one here or further up."),
        _option(
            "--key-file",
            type=click.Path(path_type=Path),
            help="A file with the key; else CHATBOT_KEY has it. Never on the command line, which others can see.",
        ),
        _option("--base-url", metavar="URL", help="Where the API is, https://your-host/api; else CHATBOT_API says it."),
        _option("--quiet", is_flag=True, default=None, help="Print errors alone."),
        _option("--json", is_flag=True, default=None, help="Print one JSON document."),
    ):
        function = option(function)
    return function


def _option(name: str, **more: Any) -> Callable[[Function], Function]:
    def keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        options = context.ensure_object(Options)
        if value is not None and parameter.name is not None:
            setattr(options, parameter.name, value)

    return click.option(name, expose_value=False, callback=keep, **more)


def help_without_command(context: click.Context) -> None:
    """Print what there is to say to somebody who named a group of commands, and none of them."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


pass_options = click.make_pass_decorator(Options, ensure=True)
