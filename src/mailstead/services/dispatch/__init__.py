"""The loop: claim what is due, hand it to outbound or delivery, settle it, and owe the notices."""
