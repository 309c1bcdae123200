"""What is stored ready to send: ENVELOPE and BODYSTRUCTURE (RFC 9051 §7.5.2)."""

from typing import Final

RENDER_VERSION: Final = 1
"""Stored with every rendition; a higher one makes a background duty render anew."""
