"""Pure values, formats and protocol cores: no IO, no clock, no randomness, no logging."""
