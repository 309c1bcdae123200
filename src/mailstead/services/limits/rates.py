"""Rates of letters and connections, judged where they are cheapest: at the greeting, at MAIL, at RCPT.

What is refused is not counted, so whoever comes at a slower pace gets in.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.policy import Rate
from mailstead.ground.model.verdict import PASS, Defer, Reason, Verdict
from mailstead.services.limits import names
from mailstead.services.limits.counting import Counter
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.limits.widest import WidestRates
from mailstead.services.policy.policies import Policies
from mailstead.telemetry import Event, emit

SESSIONS_MAX: Final = 10_000
CONNECTIONS: Final = "Too many connections from your IP. Please try again later."
LETTERS_OF_SENDER: Final = "Too many messages from this sender. Please try again later."
LETTERS_OF_DOMAIN: Final = "Too much mail for this domain. Please try again later."


@dataclass(frozen=True, slots=True)
class _Limit:
    """One rate as it holds for one name; `words` are for whoever met it."""

    column: str
    name: str
    rate: Rate
    words: str


@dataclass(frozen=True, slots=True)
class _Case:
    """Whom it is about, for the log."""

    client: Client
    domain: str = ""
    sender: str = ""
    username: str = ""


class RateLimits:
    """One for a worker."""

    def __init__(self, policies: Policies, counter: Counter, exemptions: Exemptions, widest: WidestRates) -> None:
        self._policies = policies
        self._counter = counter
        self._exemptions = exemptions
        self._widest = widest
        self._heard: OrderedDict[tuple[str, str], None] = OrderedDict()  # sessions that a domain has counted

    async def judge_connection(self, client: Client) -> Verdict:
        """Of a stranger, before the greeting: against the most liberal of all domains."""
        try:
            if await self._exemptions.hold_for(client.ip):
                return PASS
            rates = (await self._widest.look(await self._policies.look())).smtp_per_ip
        except Busy:
            return PASS
        if not rates:
            return PASS
        name = names.connections(client.ip)
        answers = [await self._counter.take(name, rate) for rate in rates]
        if any(answers):
            return PASS
        return _met(_Limit("smtp_per_ip", name, rates[-1], CONNECTIONS), _Case(client))

    async def judge_recipient(self, envelope: Envelope, domain: str, client: Client) -> Verdict:
        """Of a stranger's letter: with its first recipient in a domain, by that one's policy."""
        if any(one.address.domain == domain for one in envelope.recipients):
            return PASS
        try:
            if await self._exemptions.hold_for(client.ip, envelope.sender, domain=domain):
                return PASS
            rates = (await self._policies.of(domain)).rate_limit
        except Busy:
            return Defer(Reason.BUSY)
        if not rates.enabled:
            return PASS
        sender = str(envelope.sender or "")
        limits = []
        session = (client.session, domain)
        if session not in self._heard:
            name = names.connections(client.ip, domain)
            limits.append(_Limit("smtp_per_ip", name, rates.smtp_per_ip, CONNECTIONS))
        if envelope.sender is not None:  # RFC 5321 §4.5.5: notices come from everywhere, by the null path
            name = names.letters_from(envelope.sender.key, domain)
            limits.append(_Limit("smtp_per_sender", name, rates.smtp_per_sender, LETTERS_OF_SENDER))
        limits.append(_Limit("smtp_per_domain", names.letters_to(domain), rates.smtp_per_domain, LETTERS_OF_DOMAIN))
        verdict = await self._judge(limits, _Case(client, domain, sender))
        if verdict is PASS:
            self._hear(session)
        return verdict

    async def judge_submission(self, login: str, domain: str, client: Client) -> Verdict:
        """Of a letter that one of our people hands in for an account of `domain`, at MAIL."""
        try:
            if await self._exemptions.hold_for(client.ip):
                return PASS
            view = await self._policies.look()
            own, account = (await view.of(login.rpartition("@")[2])).rate_limit, (await view.of(domain)).rate_limit
        except Busy:
            return Defer(Reason.BUSY)
        limits = []
        if own.enabled:
            limits.append(_sent("smtp_per_user", login, names.handed_in_by(login), own.smtp_per_user))
        if account.enabled:
            limits.append(_sent("smtp_per_domain", domain, names.handed_in_at(domain), account.smtp_per_domain))
        return await self._judge(limits, _Case(client, domain, username=login))

    async def _judge(self, limits: list[_Limit], case: _Case) -> Verdict:
        """All of them, or none is counted."""
        for number, limit in enumerate(limits):
            if not await self._counter.take(limit.name, limit.rate):
                for earlier in limits[:number]:
                    self._counter.give_back(earlier.name, earlier.rate)
                return _met(limit, case)
        return PASS

    def _hear(self, session: tuple[str, str]) -> None:
        self._heard[session] = None
        if len(self._heard) > SESSIONS_MAX:
            self._heard.popitem(last=False)


def _sent(column: str, whose: str, name: str, rate: Rate) -> _Limit:
    words = f"Sending limit reached: at most {rate.count} letters in {rate.window_minutes} minutes for {whose}"
    return _Limit(column, name, rate, words.encode("ascii", "replace").decode()[:480])


def _met(limit: _Limit, case: _Case) -> Defer:
    emit(
        Event.POLICY_RATE_EXCEEDED, session=int(case.client.session or 0), protocol="smtp",
        client_ip=case.client.ip, sender=case.sender, domain=case.domain, username=case.username,
        reason=limit.column, limit=limit.rate.count,
    )  # fmt: skip
    evidence = f"{limit.column}: {limit.rate.count} in {limit.rate.window_minutes} minutes"
    return Defer(Reason.RATE_LIMIT, evidence, limit.words)
