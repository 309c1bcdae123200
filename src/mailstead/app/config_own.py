"""The keys of our own spam filter."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from mailstead.app.config_kinds import DnsListText, Doc, SpamConfigText, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFilterConfig:
    """Our own spam filter, for domains with spam.enabled."""

    enabled: Annotated[bool, Doc("Judge letters of strangers by our own rules, too.")] = True
    spam_config: Annotated[
        SpamConfigText,
        Doc(
            "Hard rules of all domains as JSON (SPAM_CONFIG of Messages): header_match, header_match_regex and "
            "arc_verdict to spam, ham or drop. A domain's column spam.config is laid over it key by key."
        ),
    ] = SpamConfigText("")
    dnsbl: Annotated[
        tuple[DnsListText, ...],
        Doc(
            "Lists in the DNS that are asked about the host that brings a letter (RFC 5782): zone, zone=weight, or "
            "zone/127.0.0.4=weight where only that answer counts. None is asked by default."
        ),
    ] = ()
    url_lists: Annotated[
        tuple[DnsListText, ...],
        Doc("The same for the sites that a letter's links lead to: lists of domains, as SURBL is one."),
    ] = ()
    lists_timeout: Annotated[
        timedelta, Doc("Longest wait for all lists together; who is late says nothing."), Within(0.1, 30)
    ] = timedelta(seconds=3)
