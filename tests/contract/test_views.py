"""What sessions of two workers are told agrees with the store, on both engines."""

import random

import pytest

from tests.property.imap.test_hub_model import play
from tests.support.stores import Engine

KINDS = ["append", "flag", "unflag", "expunge", "wake", "sync", "sync", "hold", "store"]


@pytest.mark.parametrize("seed", range(3))
async def test_clients_know_what_the_store_holds(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    actions = [
        (dice.choice(KINDS), dice.randrange(4), {dice.randrange(1, 20) for _ in range(dice.randrange(1, 6))})
        for _ in range(60)
    ]
    await play(actions, engine)
