"""Greylisting: strangers are asked to come again, and whoever does so is let in."""
