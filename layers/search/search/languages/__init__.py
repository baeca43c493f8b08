"""By which rules the words of a text are told: its language, and texts that put no spaces between words."""
