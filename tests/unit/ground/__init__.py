"""The pure ground."""
