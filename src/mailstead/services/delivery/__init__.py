"""Local delivery: resolved recipients to placements, one transaction."""
