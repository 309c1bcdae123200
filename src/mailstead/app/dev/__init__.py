"""The sandbox of `mailstead dev`."""
