"""What a domain asks of the lines to it: DANE first, else MTA-STS, else the level of the route."""
