"""What the functions tell of themselves: log lines that carry ids, and metrics inside them.

`lines` is the way into the log, `process` opens it when a function starts; neither knows anything of ours. `tasks` and
`outcomes` know the errors of the lifecycle.
"""
