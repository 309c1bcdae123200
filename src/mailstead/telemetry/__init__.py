"""Events, metrics and trace records."""
