"""Finding messages: a query evaluated against rows, headers and texts, chunk by chunk."""
