"""From the bytes of a command to its value, one module for each family of commands."""
