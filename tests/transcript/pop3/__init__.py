"""POP3 dialogues."""
