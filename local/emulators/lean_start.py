"""Has moto start in half the time, when it is imported before moto's Step Functions.

They import moto's Batch for the names of its states, and with it the types of all machines of EC2, in every region:
1.5 seconds at each start. No state machine here calls Batch, and nothing else of the stack does; in a process that has
imported this, moto has no Batch to offer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import moto

_BATCH = "moto.batch"


def _leave_out_batch() -> None:
    package = ModuleType(_BATCH)
    # Its modules are found, and its own first lines, which import the rest, aren't run.
    package.__path__ = [str(Path(moto.__file__).parent / "batch")]
    sys.modules.setdefault(_BATCH, package)


_leave_out_batch()
