"""HTTP: for now whether the program is well, and its metrics."""
