"""Answers: the sentences of several texts that answer a question best, as they stand there."""
