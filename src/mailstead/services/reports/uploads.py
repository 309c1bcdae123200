"""Reports by HTTPS (RFC 8460 §5.4): through the guarded client, for strangers say where to."""

from collections.abc import Sequence
from typing import Final, Protocol

from mailstead.net.guarded import FetchFailed, Request, Response
from mailstead.services.reports.drafts import Written

ANSWER_MAX: Final = 64 << 10
_TAKEN: Final = range(200, 300)


class Client(Protocol):
    """See `net.guarded`."""

    async def ask(self, request: Request) -> Response: ...


class Uploads:
    """Says who took it, and of the others why not."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def put(self, urls: Sequence[str], written: Written) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """To each of them."""
        taken, trouble = [], []
        for url in urls:
            request = Request(
                url=url, method="POST", headers={"Content-Type": written.media}, body=written.packed, limit=ANSWER_MAX
            )
            try:
                status = (await self._client.ask(request)).status
            except FetchFailed as error:
                trouble.append(str(error))
                continue
            if status in _TAKEN:
                taken.append(url)
            else:
                trouble.append(f"{url[:200]} answered {status}")
        return tuple(taken), tuple(trouble)
