"""Sockets, TLS, clock and bus."""
