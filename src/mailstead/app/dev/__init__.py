"""The sandbox of `mailstead dev`."""

from mailstead.app.dev.sandbox import run_dev

__all__ = ["run_dev"]
