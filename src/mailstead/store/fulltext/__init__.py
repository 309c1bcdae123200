"""The full-text index in a SQLite file of its own."""
