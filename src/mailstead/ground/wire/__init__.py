"""Sans-IO protocol cores: bytes in, events out, the same however the bytes are cut."""
