"""Sources: their settings, what is published of them, and the lease of whoever publishes."""
