"""Bytes of messages: small ones inside the database, large ones as files beside it."""
