"""The text of an item that a reader sees, from HTML, Markdown and plain text, and its headings."""
