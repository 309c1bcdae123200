"""Inbound: judge client, sender, recipients and content, then accept."""
