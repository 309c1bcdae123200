"""Protocol cores without IO."""
