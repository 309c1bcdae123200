"""Logging in at a relay (RFC 4954): with the best that both sides know, and never in the clear but on this machine."""

import asyncio
import ipaddress
from binascii import Error, a2b_base64, b2a_base64
from typing import Final

from mailstead.ground.model.route import Route
from mailstead.ground.wire.sasl.client import LoginClient, PlainClient, SaslClient, ScramClient, Untrusted
from mailstead.ground.wire.smtp.client.commands import render
from mailstead.ground.wire.smtp.client.replies import Reply
from mailstead.ground.wire.smtp.client.status import Stage, said_status
from mailstead.services.outbound.story import Setback
from mailstead.services.outbound.talk import Talk

_ROUNDS_MAX: Final = 5


async def sign_in(talk: Talk, route: Route, nonce: str, timeout: float) -> None:  # noqa: ASYNC109
    """Setback, always for now: a wrong password is mended by the operator, and the letters can wait for it."""
    if talk.tls is None and (route.proxies or not _is_this_machine(talk.connection.peer_ip)):
        raise Setback("4.7.11", "login refused by us: the line is not encrypted", talk.host)
    client = _choose(talk, route, nonce)
    try:
        reply = await _exchange(talk, client, timeout)
    except Untrusted as error:
        talk.abort()
        raise Setback("4.7.8", f"login with {client.name}: {error}", talk.host) from None
    if reply.code != 235 or not client.is_satisfied:
        talk.quit()
        status = said_status(reply)
        raise Setback(f"4.{status[2:]}" if status and reply.code >= 400 else "4.7.8", reply.words, talk.host)
    talk.story.tell("login", mechanism=client.name)


def _is_this_machine(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return not ip  # a Unix socket


def _choose(talk: Talk, route: Route, nonce: str) -> SaslClient:
    offered = talk.capabilities.auth
    if "SCRAM-SHA-256" in offered:
        return ScramClient(route.login, route.password, nonce)
    if "PLAIN" in offered:
        return PlainClient(route.login, route.password)
    if "LOGIN" in offered:
        return LoginClient(route.login, route.password)
    talk.quit()
    raise Setback("4.7.9", f"no login that we know is offered: {' '.join(sorted(offered)) or 'none'}", talk.host)


async def _exchange(talk: Talk, client: SaslClient, timeout: float) -> Reply:  # noqa: ASYNC109
    initial = client.initial()
    words = ("AUTH", client.name) if initial is None else ("AUTH", client.name, _encode(initial))
    reply = await talk.ask(render(*words), Stage.LOGIN, timeout)
    for _ in range(_ROUNDS_MAX):
        if reply.code != 334:
            return reply
        # SCRAM hashes for tens of milliseconds: in a thread, for nobody waits for it but this connection
        answer = await asyncio.to_thread(client.answer, _decode(reply.lines[0]))
        reply = await talk.ask(_encode(answer).encode() + b"\r\n", Stage.LOGIN, timeout)
    raise Untrusted("it asks without end")


def _encode(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii") or "="


def _decode(text: str) -> bytes:
    try:
        return a2b_base64(text.strip().encode("ascii", "replace"))
    except Error:
        raise Untrusted("not base64") from None
