"""What a function does to its process, before it loads anything else. Libraries change none by being imported."""

from __future__ import annotations

import gc


def prepare_process() -> None:
    """Make a cold start cheaper and open the log. For functions alone; called again it changes nothing."""
    collect_rarely()
    open_log()


def collect_rarely() -> None:
    """Let a garbage collection wait for 50 000 objects.

    Collecting while a thousand modules load is a fifth of a cold start and finds next to nothing, and a request makes
    few cycles.
    """
    gc.set_threshold(50_000, 20, 20)


def open_log() -> None:
    """Have every record of Python's logging written as a line, and by nobody else."""
    # Imported here, so that it is loaded without collecting as well.
    import logging

    from telemetry.lines import LineHandler

    root = logging.getLogger()
    for handler in root.handlers[:]:
        # The Lambda runtime's own would write each record once more, in another form and without our fields' names.
        if type(handler).__module__.startswith("awslambdaric"):
            root.removeHandler(handler)
            # It may have been told a lower one, at which boto3 writes bodies and signatures.
            root.setLevel(logging.WARNING)
    logging.getLogger("knowledge").setLevel(logging.DEBUG)
    if not any(isinstance(handler, LineHandler) for handler in root.handlers):
        root.addHandler(LineHandler())
