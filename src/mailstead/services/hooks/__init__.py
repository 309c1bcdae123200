"""Hooks: programs elsewhere that are asked about mail while it comes, and told of it once it is filed."""
