"""What speaks for and against a letter, found in its bytes alone: rules with weights, and the tokens to learn by."""
