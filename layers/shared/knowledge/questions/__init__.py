"""Questions: what visitors ask and search for, kept for a while where a source says so."""
