"""What an item is: its fields and their rules, its bytes, its hash."""
