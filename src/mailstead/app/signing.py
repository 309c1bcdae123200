"""Signing as the configuration wants it."""

import os
from pathlib import Path

from mailstead.app.config import Config
from mailstead.net.clock import Clock
from mailstead.services.signing.key_file import KeyFile
from mailstead.services.signing.rules import SigningRules
from mailstead.services.signing.signer import Signer
from mailstead.store.port import Store


def signer_of(config: Config, store: Store, clock: Clock) -> Signer:
    """One for a worker."""
    life = int(config.dkim.expiry.total_seconds())
    rules = SigningRules.of(config.dkim.headers, config.dkim.oversign, config.dkim.canonicalization, life)
    return Signer(store, clock, rules)


def key_file_of(config: Config) -> KeyFile:
    """Where a key may lie that an operator put there, mu's place among them."""
    home = Path(os.environ.get("HOME") or "/")
    usual = (config.data_dir / "keys" / "dkim.key", home / ".mu" / "keys" / "dkim.key")
    return KeyFile(
        text=config.dkim.private_key,
        paths=(config.dkim.key_file,) if config.dkim.key_file else usual,
        domains=config.dkim.domains or (config.server.domain,),
        selector=config.dkim.selector,
    )
