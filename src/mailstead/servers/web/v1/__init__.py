"""`/api/v1`: one table of endpoints, from which the routes, the checks, OpenAPI and the reference page derive."""
