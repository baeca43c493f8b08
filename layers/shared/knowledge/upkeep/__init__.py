"""The daily upkeep: what is kept, what is collected, and compaction."""
