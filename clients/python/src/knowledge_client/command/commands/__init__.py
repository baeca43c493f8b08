"""The commands, a module each: what they take, whom they ask, and what they print.

A command is made with `click.command`, `common_options` and `pass_options`, works in `open_session(options)`, tells its
result by one `session.out.tell(document, lines)`, and returns its exit code; `app.py` names it. What goes wrong is
raised, and told in one place (`exits.py`).
"""
