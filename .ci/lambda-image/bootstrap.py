"""Starts AWS's runtime interface client with the search order of AWS's image.

The function's code comes first, then its layers, then the standard library, and last what the runtime brings: boto3.
"""

from __future__ import annotations

import os
import site
import sys

RUNTIME = "/var/runtime"
LAYER = "/opt/python"


def set_search_order() -> None:
    """Put the function and its layers before the standard library, and the runtime's packages behind it."""
    task = os.environ.setdefault("LAMBDA_TASK_ROOT", "/var/task")
    major, minor = sys.version_info[:2]
    first = [task, f"{LAYER}/lib/python{major}.{minor}/site-packages", LAYER]
    rest = [path for path in sys.path if path not in {"", RUNTIME, *first}]
    sys.path[:] = [*first, *rest, RUNTIME]
    for path in filter(os.path.isdir, first):
        site.addsitedir(path)  # For the .pth files there.
    # Processes that a function starts find boto3, too.
    os.environ.setdefault("PYTHONPATH", RUNTIME)


if __name__ == "__main__":
    set_search_order()
    from awslambdaric.__main__ import main

    main([sys.argv[0], os.environ["_HANDLER"]])
