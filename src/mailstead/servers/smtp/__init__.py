"""SMTP and LMTP servers: one table of commands, profiles as values."""
