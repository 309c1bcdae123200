"""rspamd: it gets the letter and what is known of its way by HTTP, and answers with an action, a score and symbols."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_network
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.opinion import Concern, Opinion, Wish
from mailstead.ground.wire.rspamd import REPLY_MAX, Answer, read_answer, render_headers
from mailstead.ground.wire.said import tame
from mailstead.net.clock import Clock
from mailstead.net.guarded import FetchFailed, GuardedClient, Request, Response
from mailstead.services.checks.specimen import Content, Specimen
from mailstead.services.filters.actions import GREYLIST, USUAL
from mailstead.services.filters.asking import Silent, Unable
from mailstead.services.filters.line import pieces
from mailstead.services.filters.once import Once

NAME: Final = "rspamd"
REJECT_COIN: Final = 10.0
"""From here on it rejects, as our policies do by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RspamdSettings:
    """What the operator decides. URLs are without a path."""

    url: str
    hostname: str
    timeout: float
    max_size: int
    learn_url: str = ""
    password: str = field(default="", repr=False)
    actions: Mapping[str, Wish] = field(default_factory=lambda: USUAL)


class Rspamd:
    """One for a worker."""

    name = NAME
    concern = Concern.SPAM

    def __init__(self, client: GuardedClient, clock: Clock, settings: RspamdSettings) -> None:
        self._client = client
        self._settings = settings
        self._once = Once(clock)

    @property
    def place(self) -> str:
        """Where it is."""
        return self._settings.url

    def is_wanted(self, specimen: Specimen) -> bool:
        """By any domain."""
        return any(policy.spam.enabled for policy in specimen.policies.values())

    async def ask(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """Its score in our coin, its symbols, and what its action means here."""
        headers = render_headers(_describe(specimen, self._settings.hostname))
        response = await self._post(f"{self._settings.url}/checkv2", headers, specimen.content)
        if response.status != HTTPStatus.OK:
            raise Unable(f"{self._settings.url}: it answered {response.status}")
        try:
            answer = read_answer(response.body)
        except Invalid as error:
            raise Silent(f"{self._settings.url}: {error}") from None
        return (
            Opinion(
                source=NAME, concern=Concern.SPAM, score=_to_coin(answer), symptoms=answer.symptoms,
                wish=self._wish(answer, specimen),
            ),
        )  # fmt: skip

    async def learn(self, content: Content, *, is_spam: bool) -> None:
        """By its controller. What it knows already, or is too short for it, is no fault."""
        url = f"{self._settings.learn_url}/learn{'spam' if is_spam else 'ham'}"
        response = await self._post(url, {}, content)
        if not HTTPStatus(200) <= response.status < 300 and b"already learned" not in response.body:
            raise Silent(f"{url}: it answered {response.status} {tame(response.body.decode('utf-8', 'replace'))}")

    def _wish(self, answer: Answer, specimen: Specimen) -> Wish:
        wish = self._settings.actions.get(answer.action, Wish.NOTHING)
        if answer.action == GREYLIST and wish is Wish.PUT_OFF and not self._once.may_wait(_who(specimen)):
            return Wish.NOTHING  # without its Redis it says so at every try
        return wish

    async def _post(self, url: str, headers: Mapping[str, str], content: Content) -> Response:
        settings = self._settings
        size = min(content.size, settings.max_size)
        password = {"Password": settings.password} if settings.password else {}
        request = Request(
            url=url, method="POST", headers={**headers, **password, "Content-Type": "application/octet-stream"},
            body=pieces(content, size), size=size, limit=REPLY_MAX, seconds=settings.timeout, is_ours=True,
        )  # fmt: skip
        try:
            return await self._client.ask(request)
        except FetchFailed as error:
            raise Silent(str(error)) from None


def _describe(specimen: Specimen, hostname: str) -> Mapping[str, str | list[str]]:
    client, envelope = specimen.client, specimen.envelope
    version, _, cipher = client.tls.partition(" ")
    reverse = specimen.evidence.reverse
    return {
        "From": str(envelope.sender or "<>"),
        "Rcpt": [str(one.address) for one in envelope.recipients],
        "IP": client.ip,
        "Helo": client.helo,
        "Hostname": reverse.name if reverse is not None and reverse.result == "pass" else "",
        "Queue-Id": client.session,
        "TLS-Version": version,
        "TLS-Cipher": cipher,
        "MTA-Name": hostname,
    }


def _to_coin(answer: Answer) -> float:
    """Its threshold for rejecting counts as ours."""
    score = answer.score * REJECT_COIN / answer.threshold if answer.threshold > 0 else answer.score
    return max(score, REJECT_COIN) if answer.action == "reject" else score


def _who(specimen: Specimen) -> Hashable:
    """As greylisting tells letters apart: the network of the client, the sender, the recipients."""
    ip = specimen.client.ip
    network = ip_network(f"{ip}/{64 if ':' in ip else 24}", strict=False) if ip else None
    recipients = frozenset(one.address.key for one in specimen.envelope.recipients)
    return network, str(specimen.envelope.sender or "").lower(), recipients
