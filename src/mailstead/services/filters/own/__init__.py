"""Our own spam filter: good without any daemon beside us, and it says why in words."""
