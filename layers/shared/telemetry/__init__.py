"""What the functions tell of themselves: log lines that carry ids, and metrics inside them. Loads nothing else."""
