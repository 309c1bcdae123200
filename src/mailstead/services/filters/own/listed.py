"""Lists in the DNS that the operator chose: of the host that brought a letter, and of the sites its links lead to."""

import asyncio
from collections.abc import Sequence
from typing import Final

from mailstead.ground.formats.spam.anatomy import Anatomy
from mailstead.ground.model.dns_list import DnsList, find_weight, is_refusal, name_of_ip
from mailstead.ground.model.opinion import Symptom
from mailstead.ground.model.question import Kind, Question
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.services.checks.asking import Inquiry
from mailstead.telemetry import Event, emit

SITES_MAX: Final = 10
QUESTIONS_MAX: Final = 100
NAME_MAX: Final = 253


class DnsLists:
    """One for a worker. The configured resolver is asked, within one deadline; who does not answer says nothing."""

    def __init__(
        self, resolver: Resolver, clock: Clock, hosts: Sequence[DnsList], links: Sequence[DnsList], timeout: float
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._hosts = tuple(hosts)
        self._links = tuple(links)
        self._timeout = timeout

    async def look_up(self, ip: str, letter: Anatomy) -> list[Symptom]:
        """All at the same time."""
        questions = [(self._hosts, zone, name_of_ip(ip, zone), ip) for zone in _zones(self._hosts) if ip]
        sites = list(dict.fromkeys(link.host if link.is_ip else link.site for link in letter.links if link.host))
        for zone in _zones(self._links):
            questions += [(self._links, zone, _name_of_site(site, zone), site) for site in sites[:SITES_MAX]]
        if not questions:
            return []
        inquiry = Inquiry(self._resolver, self._clock, QUESTIONS_MAX)
        until = inquiry.deadline(self._timeout)
        async with asyncio.TaskGroup() as together:
            asked = [together.create_task(_ask(inquiry, until, *question)) for question in questions]
        return [symptom for task in asked if (symptom := task.result()) is not None]


async def _ask(
    inquiry: Inquiry, until: float, lists: Sequence[DnsList], zone: str, name: str, what: str
) -> Symptom | None:
    if not name or len(name) > NAME_MAX:
        return None
    found = await inquiry.ask(Question(Kind.A, name), until)
    answers = found.records if found is not None else ()
    if is_refusal(answers):
        emit(Event.FILTER_SILENT, filter=zone, result="silent", elapsed=0.0, detail=f"it refuses us: {answers[0]}")
        return None
    weight = find_weight(lists, zone, answers)
    return Symptom("LISTED", weight, f"{what} is on the list {zone}") if weight else None


def _zones(lists: Sequence[DnsList]) -> list[str]:
    return list(dict.fromkeys(one.zone for one in lists))


def _name_of_site(site: str, zone: str) -> str:
    try:
        return name_of_ip(site, zone)
    except ValueError:
        return f"{site}.{zone}" if site.isascii() and "." in site else ""
