"""The command as a whole: its parts by name, and the one place where it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from knowledge_client.command.commands.apply import apply
from knowledge_client.command.commands.ask import ask
from knowledge_client.command.commands.completion import completion
from knowledge_client.command.commands.diff import diff
from knowledge_client.command.commands.export import export
from knowledge_client.command.commands.import_file import import_file
from knowledge_client.command.commands.init import init
from knowledge_client.command.commands.keys import keys
from knowledge_client.command.commands.log import log
from knowledge_client.command.commands.plan import plan
from knowledge_client.command.commands.push import push
from knowledge_client.command.commands.rm import rm
from knowledge_client.command.commands.rollback import rollback
from knowledge_client.command.commands.search import search
from knowledge_client.command.commands.show import show
from knowledge_client.command.commands.status import status
from knowledge_client.command.exits import Exit, Failure, failure_of
from knowledge_client.command.options import Options, common_options, help_without_command
from knowledge_client.errors import KnowledgeError
from knowledge_client.folder import FileChangedError, FolderError
from knowledge_client.version import VERSION

_ABOUT = """Keeps a folder of documents and what is published of it in step.

CHATBOT_API says where the API is, CHATBOT_KEY is the key. `kb init FOLDER` begins, `kb diff` shows what is served
otherwise, `kb apply` publishes.

Exit codes: 0 done, or nothing to do; 2 there are changes (diff, plan); 3 a problem here, or the guard stopped it; 4 the
API refused; 5 no answer, or none in time.
"""


@click.group(
    help=_ABOUT,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(VERSION, prog_name="kb")
@common_options
@click.pass_context
def kb(context: click.Context) -> None:
    """Take what stands before a command's name."""
    help_without_command(context)


for _command in (init, diff, push, plan, apply, status, log, show, rm, rollback):
    kb.add_command(_command)
for _command in (import_file, export, search, ask, keys, completion):
    kb.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code, and has said what went wrong."""
    options = Options()
    try:
        ended = kb.main([*arguments], prog_name="kb", standalone_mode=False, obj=options)
    except click.ClickException as error:
        failure = _usage_failure(error)
    except (KeyboardInterrupt, click.Abort) as error:
        # click wraps a Ctrl-C. Whoever knows what it left behind has noted it.
        noted = " ".join(getattr(error.__cause__ or error, "__notes__", ()))
        failure = Failure(
            Exit.INTERRUPTED, "interrupted", "stopped in the middle", noted or "Run it again: it goes on from there."
        )
    except SystemExit:
        # So click ends, and nothing else, when whoever reads has enough, as `head` does: with 1, which is a fault here.
        return Exit.UNREAD
    except (FolderError, FileChangedError) as error:
        failure = failure_of(KnowledgeError(str(error)))
    except (KnowledgeError, OSError) as error:
        failure = failure_of(error)
    else:
        return int(ended) if isinstance(ended, int) else Exit.DONE
    options.output().fail(failure)
    return failure.exit_code


def _usage_failure(error: click.ClickException) -> Failure:
    # click ends with 2, which means here that there are changes.
    message = re.sub(r"\s+", " ", error.format_message())
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return Failure(Exit.PROBLEMS, "usage", message, "See kb --help.")
    usage = re.sub(r"\s+", " ", context.get_usage())
    return Failure(Exit.PROBLEMS, "usage", message, f"See {context.command_path} --help. {usage}")
