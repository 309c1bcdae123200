"""Mail of our own users on its way out: rights, repair of headers, filing and spooling. One way for all protocols."""
