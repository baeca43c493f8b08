"""Search in what is published: text of items, segments, queries, hits. It knows no AWS, no HTTP and no source."""
