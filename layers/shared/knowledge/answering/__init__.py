"""Answers: questions answered in the words of what is published, each sentence held against what it quotes."""
