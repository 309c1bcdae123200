"""The API of programs and people."""
