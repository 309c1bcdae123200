"""From an address to a dialogue that is ready for mail: connect, greeting, EHLO, TLS, login.

RFC 7435: where TLS only may be, a handshake that fails leads to one more try in the clear; never where a policy asks
for more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.route import Route, Speech
from mailstead.ground.wire.smtp.client.capabilities import NO_CAPABILITIES, parse_capabilities
from mailstead.ground.wire.smtp.client.commands import render, render_hello
from mailstead.ground.wire.smtp.client.replies import Reply
from mailstead.ground.wire.smtp.client.status import Stage, status_of
from mailstead.ground.wire.socks import parse_proxy_url
from mailstead.net.clock import Clock
from mailstead.net.connection import Connection
from mailstead.net.dial import Dialer, DialFailed
from mailstead.net.stream import PeerGone, TlsFailed
from mailstead.net.tls import ClientContexts, name_of
from mailstead.services.outbound.settings import OutboundSettings
from mailstead.services.outbound.sign_in import sign_in
from mailstead.services.outbound.story import Setback, Story
from mailstead.services.outbound.talk import Talk
from mailstead.services.outbound.tls_policy import Flaw, HopTrust, HostPolicy, TlsReport, TlsUse, relaxed
from mailstead.telemetry import Event, emit

_VERIFY_RESULTS = {  # OpenSSL's X509_V_ERR codes
    10: ResultType.CERTIFICATE_EXPIRED,
    62: ResultType.CERTIFICATE_HOST_MISMATCH,
    64: ResultType.CERTIFICATE_HOST_MISMATCH,
}


class TlsSetback(Setback):
    """The line is not as good as it has to be."""


class TlsBroken(TlsSetback):
    """The handshake failed, and with it the connection: another try may do without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where to connect, and what for."""

    name: str  # of the host
    ip: str  # "" for a Unix socket, whose path is then the name
    route: Route
    policy: HostPolicy
    trust: HopTrust

    @property
    def label(self) -> str:
        """As results name it."""
        return f"{self.name} [{self.ip}]" if self.ip and self.ip != self.name else self.name


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens dialogues. `pick` takes one of several proxies, `nonce` makes text for SCRAM."""

    settings: OutboundSettings
    dialer: Dialer
    contexts: ClientContexts
    clock: Clock
    pick: Callable[[tuple[str, ...]], str]
    nonce: Callable[[], str]

    async def open(self, spot: Spot, story: Story) -> Talk:
        """Ready for MAIL; `Setback`, of which `TlsSetback` says that trust was missing."""
        broken: TlsBroken | None = None
        for policy in _fallbacks(spot):
            if broken is not None:
                story.tell("retry", host=spot.label, tls="no" if policy.use is TlsUse.NEVER else "unverified")
            try:
                return await self._open(replace(spot, policy=policy), story)
            except TlsBroken as error:
                broken = error
        assert broken is not None, "there is at least one policy"
        raise broken

    async def _open(self, spot: Spot, story: Story) -> Talk:
        began_at = self.clock.monotonic()
        try:
            talk = Talk(await self._dial(spot, story), spot.route.protocol, spot.label, story)
        except DialFailed as error:
            story.tell("connect", host=spot.label, port=spot.route.port, error=str(error))
            raise self._told(spot, Setback("4.4.1", f"{spot.label}: {error}")) from None
        story.tell("connect", host=spot.label, port=spot.route.port, local=talk.connection.local_ip)
        try:
            await self._introduce(talk, spot)
        except Setback as setback:
            talk.abort()
            self._told(spot, setback)
            raise
        except BaseException:
            talk.abort()
            raise
        emit(
            Event.OUTBOUND_CONNECTION_OPENED,
            delivery_host=spot.name,
            delivery_ip=spot.ip,
            tls_version=talk.tls.version if talk.tls else "",
            elapsed=self.clock.monotonic() - began_at,
        )
        return talk

    def _told(self, spot: Spot, setback: Setback) -> Setback:
        emit(
            Event.OUTBOUND_CONNECTION_FAILED,
            delivery_host=spot.name,
            delivery_ip=spot.ip,
            reason=setback.status,
            detail=setback.words,
        )
        return setback

    async def _dial(self, spot: Spot, story: Story) -> Connection:
        timeout = self.settings.timeouts.connect
        if not spot.ip:
            return await self.dialer.connect_path(spot.name, timeout)
        if not spot.route.proxies:
            return await self.dialer.connect(spot.ip, spot.route.port, timeout)
        proxy = parse_proxy_url(self.pick(spot.route.proxies))
        story.tell("proxy", host=proxy.host, port=proxy.port)
        return await self.dialer.connect_by_proxy(proxy, spot.ip, spot.route.port, timeout)

    async def _introduce(self, talk: Talk, spot: Spot) -> None:
        if spot.route.is_tls_first:
            await self._encrypt(talk, spot)
        greeting = await talk.hear(Stage.GREETING, self.settings.timeouts.greeting)
        if not greeting.is_positive:
            raise _refused(talk, greeting, Stage.GREETING)
        talk.greeting_name = greeting.lines[0].partition(" ")[0][:255]
        await self._hello(talk, spot)
        if talk.tls is None and spot.policy.use is not TlsUse.NEVER:
            await self._ask_for_tls(talk, spot)
        if spot.route.login:
            await sign_in(talk, spot.route, self.nonce(), self.settings.timeouts.login)

    async def _hello(self, talk: Talk, spot: Spot) -> None:
        """RFC 5321 §4.1.1.1; HELO for those who do not know EHLO (§3.2). LMTP has one word (RFC 2033 §4.1)."""
        timeout, name = self.settings.timeouts.hello, self.settings.hostname
        verb = "LHLO" if talk.speech is Speech.LMTP else "EHLO"
        reply = await talk.ask(render_hello(verb, name), Stage.HELLO, timeout)
        if reply.is_positive:
            self._look_in_the_mirror(talk, spot, reply)
            talk.capabilities = parse_capabilities(reply)
            return
        if reply.is_permanent and verb == "EHLO" and talk.tls is None:
            reply = await talk.ask(render_hello("HELO", name), Stage.HELLO, timeout)
            talk.capabilities = NO_CAPABILITIES
        if not reply.is_positive:
            raise _refused(talk, reply, Stage.HELLO)

    def _look_in_the_mirror(self, talk: Talk, spot: Spot, reply: Reply) -> None:
        """RFC 5321 §5.1, where an address in between hides it from us: who has our own name is us."""
        name = reply.lines[0].partition(" ")[0]
        if spot.route.is_direct and name.lower() == self.settings.hostname.lower():
            talk.quit()
            raise Setback("5.4.6", f"mail loops back to us: {talk.host} calls itself {name}", talk.host)

    async def _ask_for_tls(self, talk: Talk, spot: Spot) -> None:
        if talk.capabilities.starttls:
            reply = await talk.ask(render("STARTTLS"), Stage.TLS, self.settings.timeouts.hello)
            if reply.code == 220:
                talk.forget_input()
                await self._encrypt(talk, spot)
                await self._hello(talk, spot)
                return
            why = reply.words
        else:
            why = "STARTTLS is not offered"
        self._report(talk, spot, Flaw(ResultType.STARTTLS_NOT_SUPPORTED, why))
        talk.story.tell("tls", host=talk.host, none=why)
        if spot.policy.use is TlsUse.MUST and spot.policy.is_enforced:
            talk.quit()
            raise TlsSetback("4.7.4", f"TLS is required ({spot.policy.source}): {why}", talk.host)

    async def _encrypt(self, talk: Talk, spot: Spot) -> None:
        policy = spot.policy
        context = self.contexts.get(is_verified=policy.is_webpki)
        name = policy.server_name or spot.name
        try:
            await talk.connection.start_client_tls(context, self.settings.timeouts.tls, name)
        except TlsFailed as error:
            flaw = Flaw(_result_of(error.verify_code), str(error))
            self._report(talk, spot, flaw)
            talk.story.tell("tls", host=talk.host, error=flaw.detail, result=flaw.result.value)
            raise TlsBroken("4.7.5", f"TLS failed ({policy.source}): {flaw.detail}", talk.host) from None
        except PeerGone as error:
            raise talk.fail(f"connection lost (tls): {error}") from None
        _tell_tls(talk)
        chain = talk.tls.chain if talk.tls else ()
        found = policy.judge(chain) if policy.judge else None
        self._report(talk, spot, found)
        if found is not None:
            talk.story.tell("tls", host=talk.host, error=found.detail, result=found.result.value)
            if policy.is_enforced:
                talk.quit()
                raise TlsSetback("4.7.5", f"TLS is not trusted ({policy.source}): {found.detail}", talk.host)

    def _report(self, talk: Talk, spot: Spot, flaw: Flaw | None) -> None:
        spot.trust.report(
            TlsReport(
                at=self.clock.now(),
                host=spot.name,
                policy=spot.policy,
                result=flaw.result if flaw else None,
                detail=flaw.detail if flaw else "",
                local_ip=talk.connection.local_ip,
                peer_ip=spot.ip,
                greeting=talk.greeting_name,
            )
        )


def _fallbacks(spot: Spot) -> Iterator[HostPolicy]:
    """What to ask of the line, and then, if the handshake fails, less and less as far as the policy lets us."""
    policy = spot.policy
    if spot.route.is_tls_first and policy.use is TlsUse.NEVER:
        policy = replace(policy, use=TlsUse.MAY)
    yield policy
    if policy.use is TlsUse.MUST and policy.is_enforced:
        return
    if policy.is_authenticated:
        yield relaxed(policy)
    if policy.use is not TlsUse.NEVER and not spot.route.is_tls_first:
        yield replace(relaxed(policy), use=TlsUse.NEVER)


def _refused(talk: Talk, reply: Reply, stage: Stage) -> Setback:
    """At the door. What asks for patience (4.7.x, "too many connections") asks for fewer connections."""
    talk.quit()
    status = status_of(reply, stage)
    is_busy = reply.code < 500 and (status.startswith("4.7.") or "too many" in reply.words.lower())
    return Setback(status, reply.words, talk.host, is_busy=is_busy)


def _result_of(verify_code: int) -> ResultType:
    if not verify_code:
        return ResultType.VALIDATION_FAILURE
    return _VERIFY_RESULTS.get(verify_code, ResultType.CERTIFICATE_NOT_TRUSTED)


def _tell_tls(talk: Talk) -> None:
    tls = talk.tls
    if tls is None:
        return
    subject, fingerprint = name_of(tls.chain[0]) if tls.chain else ("", "")
    talk.story.tell(
        "tls",
        host=talk.host,
        version=tls.version,
        cipher=tls.cipher,
        verified=int(tls.is_verified),
        subject=subject,
        fingerprint=fingerprint,
    )
