"""SMTP and LMTP from the client's side: commands and content out, replies in. No IO."""
