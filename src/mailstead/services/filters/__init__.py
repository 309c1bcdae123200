"""Filters of others that are asked about each letter: what they say becomes opinions, which policies weigh."""
