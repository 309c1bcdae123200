"""One standard, one room: bytes to values and back."""
