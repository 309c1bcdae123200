"""Dialogues of RFC 3501 and RFC 9051."""
