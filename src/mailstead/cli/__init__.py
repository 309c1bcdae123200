"""Commands: ask, show, exit."""
