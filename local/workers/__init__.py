"""Worker processes: each runs one function's code, one invocation at a time, and is replaced when it dies."""
