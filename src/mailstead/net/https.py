"""Small texts by HTTPS from hosts that strangers name."""

from typing import Final

from mailstead.net.guarded import FetchFailed, GuardedClient, Request

_OK: Final = 200


class HttpsFetcher:
    """One for a worker."""

    def __init__(self, client: GuardedClient, *, port: int = 443) -> None:
        self._client = client
        self._port = port

    async def fetch(self, host: str, path: str, *, content_type: str, limit: int) -> bytes:
        """The whole text of a 200 of this type; FetchFailed."""
        url = f"https://{host}:{self._port}{path}"
        response = await self._client.ask(Request(url=url, limit=limit))
        if response.status != _OK:
            raise FetchFailed(f"{url} answered {response.status}")
        if response.content_type != content_type:
            raise FetchFailed(f"{url} is {response.content_type[:80]}, not {content_type}")
        return response.body
