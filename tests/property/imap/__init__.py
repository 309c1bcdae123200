"""Numbers and views."""
