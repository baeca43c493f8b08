"""The knowledge lifecycle: staging sets, runs and published generations. It knows nothing of HTTP."""
