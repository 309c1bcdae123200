"""What the commands do, one file for each that has a body."""
