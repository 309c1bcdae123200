"""HTTP: whether the program is well, its metrics, and the API of the queue."""
