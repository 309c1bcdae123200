"""Trust in the lines to others."""
