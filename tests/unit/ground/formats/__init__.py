"""Formats of mail."""
