"""Rows and blobs. Services import `mailstead.store.port` and nothing else of this floor."""
