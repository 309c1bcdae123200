"""One file for each family of commands; `table.COMMANDS` says which handler serves which name."""
