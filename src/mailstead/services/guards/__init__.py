"""What keeps others from holding our sending against us: limits, pauses, suppression, rules to hold by."""
