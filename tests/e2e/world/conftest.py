"""One world for all tests of sending."""

import json
from collections.abc import Iterator

import pytest

from tests.support.world.home import Home
from tests.support.world.world import World, world_of


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Postfix, Exim, OpenSMTPD, BIND and Unbound, and this server among them, which signs with two keys."""
    home = Home(folder=tmp_path_factory.mktemp("home"), warn_after="4s")
    home.prepare(port=1, resolver=1, authorities=home.folder)
    home.furnish()
    made = json.loads(home.say("dkim", "generate", "--domain", home.domain, "--algorithm", "both", "--json"))
    for key in made["keys"]:
        home.say("dkim", "activate", "--domain", home.domain, "--selector", key["selector"])
    with world_of(home, records=[key["record"]["zone"] for key in made["keys"]]) as made_world:
        home.prepare(port=made_world.port, resolver=made_world.lab.resolver, authorities=made_world.authorities)
        with home.running():
            yield made_world


@pytest.fixture
def home(world: World) -> Home:
    """This server."""
    return world.home
