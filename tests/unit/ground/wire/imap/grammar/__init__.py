"""From bytes to command values."""
