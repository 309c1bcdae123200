"""The one durable waiting room of what still has to leave."""
