"""`kb completion`: what a shell needs to complete the command's words. Asks the API nothing."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from knowledge_client.command.exits import Exit, StoppedError
from knowledge_client.command.options import Options, common_options, pass_options

_WHERE = {
    "bash": 'eval "$(kb completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(kb completion zsh)" in ~/.zshrc',
    "fish": "kb completion fish > ~/.config/fish/completions/kb.fish",
}


@click.command(short_help="Complete commands and options in a shell.")
@click.argument("shell", type=click.Choice([*_WHERE]))
@common_options
@pass_options
@click.pass_context
def completion(context: click.Context, options: Options, shell: str) -> int:
    """Print what a shell has to read: eval "$(kb completion bash)"."""
    made = get_completion_class(shell)
    if made is None:
        raise StoppedError(f"{shell} is not known to click", code="usage", next_step=f"There are {', '.join(_WHERE)}.")
    script = made(context.find_root().command, {}, "kb", "_KB_COMPLETE").source()
    options.output().tell({"shell": shell, "script": script, "install": _WHERE[shell]}, script.splitlines())
    return Exit.DONE
