"""The index of a generation: a trie of leaves, its objects, the packs it points into, and comparing two."""
