"""Rates and blocks: how much anybody may send or try, over all workers and nodes, by the policy of each domain."""
