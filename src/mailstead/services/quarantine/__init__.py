"""Letters that are kept aside: looked at, released, deleted, told of, and let go when their time is over."""
