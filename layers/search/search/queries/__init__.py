"""What is looked for: a query as a tree of words and phrases, from a text, its languages and what the index has."""
