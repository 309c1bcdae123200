"""Runs that are too long for every change; `make soak` runs them and keeps their figures."""
