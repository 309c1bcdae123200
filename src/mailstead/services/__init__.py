"""What the house does with mail, whatever protocol it came through."""
