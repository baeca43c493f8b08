"""Hits: what of several sources' segments a query finds, page by page, and where in a text it stands."""
