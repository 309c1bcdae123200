"""IMAP on bytes."""
