"""API keys: their text, what they may do, where they are kept."""
