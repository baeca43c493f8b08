"""The engine, tantivy: its analyzers, its schema, the files of an index, its queries. Nothing else imports it."""
