"""Where tenants want to be told of events, and the secrets that sign."""
