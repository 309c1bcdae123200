"""Milters: filters that speak sendmail's protocol, and may change the letter they are shown."""
