"""Configuration, wiring, supervisor and workers: the only floor that names implementations."""
