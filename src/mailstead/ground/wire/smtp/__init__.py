"""SMTP and LMTP as a language: lines, content and parameters in, events and replies out. No IO."""
