"""The control socket: the operations an administrator may ask of this machine, as lines of JSON."""
