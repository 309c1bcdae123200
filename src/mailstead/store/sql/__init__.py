"""Rows in SQLite or PostgreSQL: one text per query, on one transaction interface."""
