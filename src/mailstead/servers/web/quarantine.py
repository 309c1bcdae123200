"""The page that a digest's links lead to. Looking changes nothing; its button releases the letter, once."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from mailstead.ground.formats.dsn.text import Language
from mailstead.ground.model.errors import Conflict, Denied, MailError, NotFound, OverQuota
from mailstead.services.quarantine.letter import render_page
from mailstead.services.quarantine.links import PATH
from mailstead.services.quarantine.releasing import RecipientRelease
from mailstead.services.quarantine.words import WORDS

HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the link is a key
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True, slots=True)
class QuarantinePages:
    """For people, in the language of the configuration."""

    releasing: RecipientRelease
    language: Language

    def attach(self, app: web.Application) -> None:
        """Add the page."""
        app.router.add_get(PATH + "{token}", self.look)
        app.router.add_post(PATH + "{token}", self.release)

    async def look(self, request: web.Request) -> web.Response:
        """What the letter is, and the button."""
        try:
            kept = await self.releasing.look(request.match_info["token"])
        except MailError as error:
            return self._refuse(error)
        return _page(200, render_page(self.language, WORDS[self.language].question, kept))

    async def release(self, request: web.Request) -> web.Response:
        """The button."""
        try:
            await self.releasing.release(request.match_info["token"], request.remote or "")
        except MailError as error:
            return self._refuse(error)
        return _page(200, render_page(self.language, WORDS[self.language].done))

    def _refuse(self, error: MailError) -> web.Response:
        words = WORDS[self.language]
        match error:
            case NotFound() | Conflict():
                status, say = 404, words.gone
            case Denied():
                status, say = 403, words.refused
            case OverQuota():
                status, say = 409, words.full
            case _:
                status, say = 503, words.later
        return _page(status, render_page(self.language, say))


def _page(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)
