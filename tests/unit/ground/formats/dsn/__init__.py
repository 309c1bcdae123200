"""Delivery status notifications."""
