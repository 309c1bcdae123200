"""Folders and the messages in them: append, fetch, flag, copy, move, expunge."""
