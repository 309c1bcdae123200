"""Speak a protocol, hold sessions, know no SQL and not each other."""
