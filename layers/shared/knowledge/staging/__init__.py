"""The staging set: pushes and removals, the journal, and whole sets as snapshots."""
