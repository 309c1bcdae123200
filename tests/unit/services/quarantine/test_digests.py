"""Digests and their links: once a day, escaped, in three languages, and good for one copy."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from mailstead.ground.formats.dsn.text import Language
from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Denied, NotFound
from mailstead.ground.model.policy import Digest as Wanted
from mailstead.ground.model.policy import Place
from mailstead.services.quarantine.letter import Digest, Line, render_digest, render_page
from mailstead.services.quarantine.links import Links
from mailstead.services.quarantine.releasing import RecipientRelease
from mailstead.services.quarantine.telling import DAY, Digests
from tests.support.quarantined import VIRUS, Scene, open_scene

BASE = "https://mail.home.test/"
BAD = '<script>alert("1")</script>\u202e'


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        yield made


def links(scene: Scene, base: str = BASE) -> Links:
    return Links(scene.store, scene.clock, base)


def digests(scene: Scene, base: str = BASE) -> Digests:
    return Digests(scene.store, scene.clock, scene.ids, links(scene, base), language=Language.GERMAN)


async def read(scene: Scene, uid: int = 1) -> tuple[EmailMessage, str, str]:
    data, _ = await scene.read(scene.ann, uid)
    letter = message_from_bytes(data, policy=default)
    assert isinstance(letter, EmailMessage)
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    return letter, text.get_content(), html.get_content()


async def test_once_a_day(scene: Scene) -> None:
    await scene.keep(1)
    duty = digests(scene)
    await duty.run()
    await duty.run()
    assert await scene.count(scene.ann) == 1
    letter, text, html = await read(scene)
    assert letter["Subject"] == "Ein Brief wurde für Sie zurückgehalten"
    assert letter["Auto-Submitted"] == "auto-generated"
    for part in (text, html):
        assert "Grüße 1" in part
        assert "own 7.0: shouting +7.0" in part
        assert "https://mail.home.test/quarantine/" in part
    await scene.keep(2)
    await duty.run()
    assert await scene.count(scene.ann) == 1
    scene.clock.advance(DAY / 1000 + 1)
    await duty.run()
    assert await scene.count(scene.ann) == 2
    _, text, _ = await read(scene, 2)
    assert "Grüße 2" in text
    assert "Grüße 1" not in text
    await duty.run()
    assert await scene.count(scene.ann) == 2


async def test_who_is_told(scene: Scene) -> None:
    await scene.deliver(await scene.accepted(scene.ann), await scene.accepted(scene.bob, VIRUS))
    await scene.want(digest=Wanted.OFF)
    await scene.want("other.test", place=Place.JUNK)
    assert await digests(scene).send(scene.clock.now()) == 0
    await scene.want(digest=Wanted.DAILY)
    assert await digests(scene).count(scene.clock.now()) == 2
    assert await digests(scene).send(scene.clock.now()) == 1
    assert (await scene.count(scene.ann), await scene.count(scene.bob)) == (1, 0)


async def test_no_link_where_nobody_may_use_one(scene: Scene) -> None:
    await scene.keep(1, VIRUS)
    await digests(scene).run()
    _, text, _ = await read(scene)
    assert "/quarantine/" not in text
    assert "Virus" in text
    await scene.keep(2)
    await digests(scene, "").send(scene.clock.now() + 1)  # type: ignore[arg-type]
    assert "/quarantine/" not in (await read(scene, 2))[1]


async def test_a_link_releases_once(scene: Scene) -> None:
    kept = await scene.keep()
    made = await links(scene).make(kept.id, kept.account_id, scene.clock.now())
    token = made.rpartition("/")[2]
    releasing = RecipientRelease(scene.store, scene.quarantine, links(scene))
    assert (await releasing.look(token)).id == (await releasing.look(token)).id == kept.id
    assert await scene.count(scene.ann) == 0
    await releasing.release(token, "192.0.2.9")
    assert await scene.count(scene.ann) == 1
    with pytest.raises(NotFound):
        await releasing.release(token, "192.0.2.9")
    assert await scene.count(scene.ann) == 1


async def test_links_that_are_no_good(scene: Scene) -> None:
    kept = await scene.keep()
    made = await links(scene).make(kept.id, kept.account_id, scene.clock.now())
    token = made.rpartition("/")[2]
    releasing = RecipientRelease(scene.store, scene.quarantine, links(scene))
    data = urlsafe_b64decode(token)
    forged = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(len(data))]
    for one in (*(urlsafe_b64encode(each).decode() for each in forged), "", "x", "ü", token[:-4], "A" * 4000):
        with pytest.raises(NotFound):
            await releasing.look(one)
    strange = (await links(scene).make(kept.id, scene.bob.account, scene.clock.now())).rpartition("/")[2]
    with pytest.raises(NotFound):
        await releasing.look(strange)
    await scene.want(recipient_release=False)
    with pytest.raises(Denied):
        await releasing.release(token, "")
    await scene.want(recipient_release=True)
    virus = await scene.keep(2, VIRUS)
    made = await links(scene).make(virus.id, virus.account_id, scene.clock.now())
    with pytest.raises(Denied):
        await releasing.release(made.rpartition("/")[2], "")
    scene.clock.advance(1)
    with pytest.raises(NotFound):
        await releasing.look(token)


@pytest.mark.parametrize("language", Language)
async def test_what_strangers_wrote_is_escaped(scene: Scene, language: Language) -> None:
    kept = replace(await scene.keep(), subject=BAD, author=BAD, words=BAD)
    digest = Digest(
        address=Address("ann", "home.test"), lines=[Line(kept, "https://x/?a&b"), Line(kept, "")], days=30,
        language=language, author=Address("postmaster", "home.test"), message_id="1@home.test", at=scene.clock.now(),
    )  # fmt: skip
    data = render_digest(digest)
    assert data.isascii()
    assert all(len(line) <= 998 and b"\n" not in line for line in data.split(b"\r\n"))
    letter = message_from_bytes(data, policy=default)
    assert isinstance(letter, EmailMessage)
    html = letter.get_body(("html",))
    assert html is not None
    page = render_page(language, "say", kept)
    for text in (html.get_content(), page):
        assert "<script" not in text
        assert "&lt;script&gt;" in text
        assert f'lang="{language.value}"' in text
    assert 'method="post"' in page
    assert "<form" not in render_page(language, "say")
