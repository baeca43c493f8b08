"""The knowledge lifecycle: staging sets, runs and published generations. It knows nothing of HTTP."""

import gc

# Collecting while a thousand modules load is a fifth of a cold start and finds next to nothing, and a request makes
# few cycles: so a collection waits for 50 000 objects. Every function imports this package first of all.
gc.set_threshold(50_000, 20, 20)
