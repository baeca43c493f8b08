"""Has moto start in half the time, when it is imported before moto's Step Functions.

They import moto's Batch for the names of its states, and with it the types of all machines of EC2, in every region:
1.5 seconds at each start. No state machine here calls Batch, and nothing else of the stack does; in a process that has
imported this, moto has no Batch to offer.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec

_BATCH = "moto.batch"


def _leave_out_batch() -> None:
    """Put the package in place, so that its modules are found, without its first lines, which import the rest."""
    spec = find_spec(_BATCH)
    assert spec
    sys.modules.setdefault(_BATCH, module_from_spec(spec))


_leave_out_batch()
