"""What a status usually means, in plain words: by RFC 3463, and by what mail servers make of it."""

import re
from collections.abc import Mapping
from typing import Final

_STATUS: Final = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})\Z")

_EXACT: Final[Mapping[str, str]] = {
    "1.1": "there is no such mailbox: check the address",
    "1.2": "there is no such domain: check what stands after the @",
    "1.3": "the address cannot be right: check how it is written",
    "1.6": "the mailbox has moved, and left no new address",
    "1.7": "they do not like the sender's address",
    "1.8": "the domain of the sender's address does not exist for them",
    "1.10": "the domain takes no mail, and says so (null MX)",
    "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full",
    "2.3": "the letter is larger than that mailbox takes",
    "3.1": "their disk is full",
    "3.2": "their server takes no mail at the moment",
    "3.4": "the letter is larger than their server takes",
    "4.1": "nobody answers there: their server is down, or a network or firewall (port 25) is in between",
    "4.2": "the connection broke",
    "4.3": "the DNS gives no answer: theirs is broken, or our resolver is",
    "4.4": "the DNS knows no way there",
    "4.6": "the mail goes in a circle: an MX record or a forwarding leads back",
    "4.7": "it was tried for so long that its time is over",
    "5.3": "too many recipients at once",
    "6.3": "the letter needs a conversion that nobody may make",
    "6.7": "an address beyond ASCII, and their server does not speak SMTPUTF8",
    "7.4": "TLS is required and was not to be had",
    "7.5": "TLS failed, or their certificate is not trusted",
    "7.7": "they find the letter altered on its way: see DKIM",
    "7.10": "the sender asks for verified TLS (REQUIRETLS), and they cannot give it",
    "7.20": "they want a DKIM signature that passes",
    "7.23": "they say that our address may not send for this domain: see SPF",
    "7.25": "our address has no reverse DNS that fits: see PTR",
    "7.26": "neither SPF nor DKIM passed for them: see mailstead's DNS records",
    "7.27": "the sender's domain takes no mail (null MX), so they take none of it",
}
_GREYLISTED: Final = "they want us to come again later: greylisting, or too much mail at once"
_FORBIDDEN: Final = "refused by their rules: read their words; often a block list, SPF, DKIM or reverse DNS"
_SUBJECTS: Final[Mapping[str, str]] = {
    "1": "something about the address",
    "2": "something about the mailbox",
    "3": "something about their server",
    "4": "something about the network or the DNS",
    "5": "the servers did not understand each other",
    "6": "something about the content",
}


def hint(status: str) -> str:
    """In a few words; empty if there is nothing to say."""
    match = _STATUS.match(status)
    if match is None or match[1] == "2":
        return ""
    kind, subject, detail = match.groups()
    known = _EXACT.get(f"{subject}.{detail}")
    if known:
        return known
    if subject == "7":
        return _GREYLISTED if kind == "4" else _FORBIDDEN
    if kind == "4" and subject in ("2", "3") and detail == "0":
        return _GREYLISTED
    return _SUBJECTS.get(subject, "")
