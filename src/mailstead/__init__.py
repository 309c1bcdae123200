"""Mailstead: your own mail, from MX to inbox, in one program."""

__version__ = "0.1.0"
