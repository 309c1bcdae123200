"""Hears the events of signing."""

from typing import Any

import pytest

from mailstead.services.signing import key_file, rotation, signer
from mailstead.telemetry import Event


class Told:
    """Events in order, with their fields."""

    def __init__(self) -> None:
        self.all: list[tuple[Event, dict[str, Any]]] = []

    def of(self, event: Event) -> list[dict[str, Any]]:
        return [fields for one, fields in self.all if one is event]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    heard = Told()

    def emit(event: Event, **fields: Any) -> None:
        heard.all.append((event, fields))

    for module in (signer, key_file, rotation):
        monkeypatch.setattr(module, "emit", emit)
    return heard
