"""What the environment says about how much of the tier to run, and what to run again.

| variable | default | meaning |
|---|---|---|
| FAULTS_SEED | 1 | the seed of the share of crash cases and of the first interleaving |
| FAULTS_SHARE | 0.02 | the share of crash cases to run, one of each operation at least, 1 for all |
| FAULTS_CASE | | one crash case to run alone, as a failure prints it: `operation:call:way` |
| FAULTS_INTERLEAVINGS | 90 | how many interleavings to run, from the seed on |
"""

from __future__ import annotations

import os

SEED = int(os.environ.get("FAULTS_SEED", "1"))
SHARE = float(os.environ.get("FAULTS_SHARE", "0.02"))
CASE = os.environ.get("FAULTS_CASE")
INTERLEAVINGS = int(os.environ.get("FAULTS_INTERLEAVINGS", "90"))
