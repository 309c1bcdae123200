"""Rules about the header: what people's programs never forget, and what only those of spammers do."""

import itertools
import re
from collections.abc import Callable
from typing import Final

from mailstead.ground.formats.spam.anatomy import Anatomy
from mailstead.ground.formats.spam.links import site_of
from mailstead.ground.formats.spam.rule import Rule

DAY: Final = 86_400_000
_ID: Final = re.compile(rb"<[^<>@\s]{1,250}+@[^<>@\s]{1,250}+>\Z")
_OUTLOOK_ID: Final = re.compile(rb"<[0-9a-fA-F]{12}\$[0-9a-fA-F]{8}\$[0-9a-fA-F]{8}@")
_OUTLOOK_IMO_ID: Final = re.compile(
    rb"<[A-Z]{28,40}\.|<[0-9A-F]{32,40}@|<[A-Za-z0-9.-]{8,60}@[A-Za-z0-9-]{1,60}[.]prod[.]"
)
_SINGLE: Final = ("from", "sender", "reply-to", "to", "cc", "message-id", "date", "subject")
_SPREAD: Final = re.compile(r"(?:\b\w[ .*_-]{1,3}){5}")
_TAIL: Final = re.compile(r"\s{5}\s{0,60}+\S{3,40}\Z|\s{2}\s{0,60}+\[?[A-Za-z0-9]{4,20}\]?\Z")
_DIGITS: Final = re.compile(r"[0-9]")
_VOWELS: Final = re.compile(r"[aeiouy]")
_OCTETS: Final = re.compile(r"\[?[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\]?\Z")


def _lacks(*names: str) -> Callable[[Anatomy], bool]:
    return lambda letter: not any(name in letter.fields and letter.first(name) for name in names)


def _has_bad_date(letter: Anatomy) -> bool:
    return bool(letter.first("date")) and letter.sent is None


def _hours_off(letter: Anatomy) -> float:
    """The Date field against the clocks of the relays, the one that suits it best; 0 if either is missing."""
    sent = letter.sent
    seen = [hop.at for hop in letter.hops if hop.at is not None]
    return min(((sent.at - at) / 3_600_000 for at in seen), key=abs) if sent is not None and seen else 0.0


def _is_nowhere(letter: Anatomy) -> bool:
    """No place of the world has its clocks so."""
    sent = letter.sent
    return sent is not None and (abs(sent.zone) > 14 * 60 or sent.zone % 15 != 0)


def _has_bad_id(letter: Anatomy) -> bool:
    value = letter.first("message-id")
    return bool(value) and _ID.match(value) is None


def _is_loud(letter: Anatomy) -> bool:
    capitals = [char for char in letter.subject if char.isalpha()]
    return len(capitals) > 8 and sum(char.isupper() for char in capitals) > 0.9 * len(capitals)


def _is_raw(letter: Anatomy) -> bool:
    """RFC 5322 §2.2; UTF-8 is fine where the session said so, and mostly where it did not."""
    for name in ("subject", "from", "to"):
        value = letter.first(name)
        if not value.isascii():
            try:
                value.decode("utf-8")
            except ValueError:
                return True
    return False


def _is_needlessly_encoded(letter: Anatomy) -> bool:
    value = letter.first("subject")
    return value[:2] == b"=?" and b"?=" in value and letter.subject.isascii() and letter.subject.isprintable()


def _is_doubled(letter: Anatomy) -> bool:
    return any(len(letter.fields.get(name, ())) > 1 for name in _SINGLE)


def _replies_elsewhere(letter: Anatomy) -> bool:
    if letter.first("list-id") or letter.first("list-post") or letter.first("mailing-list"):
        return False
    sites = {site_of(person.site) for person in letter.authors}
    answers = letter.people("reply-to")
    return bool(answers) and bool(sites) and not any(site_of(one.site) in sites for one in answers)


def _names_another_address(letter: Anatomy) -> bool:
    """The name is what programs show: an address in it is there to be taken for the sender's."""
    for author in letter.authors:
        local, is_there, rest = author.name.strip("'\" <>").partition("@")
        host = rest.partition(" ")[0].strip("'\"<>()").lower()
        if is_there and local and "." in host and site_of(host) != site_of(author.site):
            return True
    return False


def _looks_made_up(letter: Anatomy) -> bool:
    for author in letter.authors[:1]:
        local = author.local.lower()
        digits = len(_DIGITS.findall(local))
        letters = [char for char in local if char.isalpha()]
        if digits >= 4 and letters and local[:1].isalpha():
            return True
        if len(letters) >= 8 and len(_VOWELS.findall(local)) * 6 < len(letters):
            return True
    return False


def _is_to_oneself(letter: Anatomy) -> bool:
    authors = {author.address for author in letter.authors}
    return any(person.address in authors for person in letter.people("to"))


def _has_no_people(letter: Anatomy) -> bool:
    return bool(letter.first("to")) and not letter.people("to")


def _claims_outlook(letter: Anatomy) -> bool:
    """Outlook names the library that made the MIME parts, and numbers letters in ways of its own."""
    mailer = letter.first("x-mailer")
    is_list = not letter.fields.keys().isdisjoint(("list-id", "list-post"))
    if is_list or not mailer.startswith(b"Microsoft Outlook"):
        return False
    number = letter.first("message-id")
    return not letter.first("x-mimeole") or not (_OUTLOOK_ID.match(number) or _OUTLOOK_IMO_ID.match(number))


def _claims_priority(letter: Anatomy) -> bool:
    return letter.first("x-priority")[:1] in (b"1", b"2") or letter.first("importance").lower() == b"high"


def _is_bare_mime(letter: Anatomy) -> bool:
    return "content-type" in letter.fields and "mime-version" not in letter.fields


def _greets_as_address(letter: Anatomy) -> bool:
    return any(_OCTETS.match(hop.helo) and not hop.helo.startswith("[") for hop in letter.hops)


def _gives_false_address(letter: Anatomy) -> bool:
    """A relay greeted by an address that is not its own."""
    return any(
        hop.ip and _OCTETS.match(hop.helo) is not None and hop.helo.strip("[]") != hop.ip and not _is_private(hop.helo)
        for hop in letter.hops
    )


def _is_private(address: str) -> bool:
    return address.strip("[]").startswith(("10.", "192.168.", "127.", "172.16.", "169.254."))


def _has_impossible_hop(letter: Anatomy) -> bool:
    return any(not hop.is_possible for hop in letter.hops)


def _lies_about_name(letter: Anatomy) -> bool:
    """A relay said it was of one site, and its address is of another: forged by the sender of many."""
    return any(
        "." in hop.helo and "." in hop.name and hop.helo[:1].isalpha() and site_of(hop.helo) != site_of(hop.name)
        and hop.name.count(".") >= 2 and bool(_DIGITS.search(hop.name.partition(".")[0]))
        for hop in letter.hops
    )  # fmt: skip


def _goes_back_in_time(letter: Anatomy) -> bool:
    times = [hop.at for hop in letter.hops if hop.at is not None]
    return any(later < earlier - DAY for later, earlier in itertools.pairwise(times))


def _is_numbered_by_relay(letter: Anatomy) -> bool:
    """Who sends by hand leaves it to a relay near the recipient to make a Message-ID."""
    host = letter.first("message-id").strip(b"<> ").rpartition(b"@")[2].decode("latin-1").lower()
    sites = {site_of(author.site) for author in letter.authors}
    first = letter.hops[-1] if letter.hops else None
    return bool(host) and first is not None and first.by == host and bool(first.ip) and site_of(host) not in sites


def _is_to_crowd(letter: Anatomy) -> bool:
    """Neighbours in an alphabet."""
    people = [person.local.lower() for person in letter.people("to") + letter.people("cc")]
    alike = sum(one[:3] == other[:3] for one, other in itertools.pairwise(people))
    return len(people) > 5 and alike * 2 > len(people)


def _names_recipient(letter: Anatomy) -> bool:
    """A program put the address into the subject."""
    subject = letter.subject.lower()
    return any(len(person.local) > 3 and person.local.lower() in subject.split() for person in letter.people("to")) or (
        "@" in subject and any(person.address in subject for person in letter.people("to"))
    )


def _is_of_list(letter: Anatomy) -> bool:
    return bool(letter.first("list-id") or letter.first("list-post")) and len(letter.hops) > 2


def _is_conversation(letter: Anatomy) -> bool:
    """An answer that quotes what it answers."""
    if not (letter.first("in-reply-to") or letter.first("references")):
        return False
    return any("\n>" in text or "\n |" in text or "wrote:" in text for text in letter.plain)


HEADER_RULES: Final = (
    Rule("NO_DATE", 0.5, "it has no date", _lacks("date")),
    Rule("BAD_DATE", 0.8, "its date cannot be read", _has_bad_date),
    Rule("DATE_AHEAD", 1.5, "it was written hours after it was sent", lambda letter: _hours_off(letter) > 2.5),
    Rule("DATE_FAR_AHEAD", 0.8, "it was written long after it was sent", lambda letter: _hours_off(letter) > 12),
    Rule("DATE_AGO", 0.7, "it was written hours before it was sent", lambda letter: _hours_off(letter) < -5),
    Rule("DATE_LONG_AGO", 0.9, "it was written days before it was sent", lambda letter: _hours_off(letter) < -96),
    Rule("DATE_NOWHERE", 1.2, "its date is of no zone of the world", _is_nowhere),
    Rule("NO_MESSAGE_ID", 0.3, "it has no Message-ID", _lacks("message-id")),
    Rule("BAD_MESSAGE_ID", 1.4, "its Message-ID is not one", _has_bad_id),
    Rule("NO_FROM", 0.8, "nobody wrote it", lambda letter: not letter.authors),
    Rule("MANY_FROM", 1.0, "several people wrote it", lambda letter: len(letter.authors) > 1),
    Rule("NO_SUBJECT", 0.4, "it has no subject", lambda letter: not letter.subject.strip()),
    Rule("NO_TO", 0.3, "it is to nobody", _lacks("to", "cc", "list-id")),
    Rule("BAD_TO", 0.6, "whom it is to cannot be read", _has_no_people),
    Rule("LOUD_SUBJECT", 1.1, "its subject is all capitals", _is_loud),
    Rule("EXCLAIMING_SUBJECT", 0.5, "its subject exclaims", lambda letter: "!" in letter.subject),
    Rule("MANY_EXCLAMATIONS", 0.7, "its subject exclaims again and again",
         lambda letter: letter.subject.count("!") > 1),
    Rule("SPREAD_SUBJECT", 1.5, "its subject is s p r e a d out", lambda letter: bool(_SPREAD.search(letter.subject))),
    Rule("SUBJECT_TAIL", 1.8, "its subject ends in a mark far off", lambda letter: bool(_TAIL.search(letter.subject))),
    Rule("MONEY_SUBJECT", 0.7, "its subject is about money", lambda letter: "$" in letter.subject),
    Rule("RAW_HEADER", 1.2, "its header holds raw characters of no known kind", _is_raw),
    Rule("NEEDLESS_ENCODING", 0.9, "its subject is encoded without need", _is_needlessly_encoded),
    Rule("DOUBLED_FIELD", 1.4, "fields that stand once stand twice", _is_doubled),
    Rule("REPLY_ELSEWHERE", 1.2, "answers go to another site than it is from", _replies_elsewhere),
    Rule("NAME_IS_ADDRESS", 2.2, "the sender's name is somebody else's address", _names_another_address),
    Rule("MADE_UP_SENDER", 0.5, "the sender's address looks made up", _looks_made_up),
    Rule("TO_ONESELF", 0.8, "it is from whom it is to", _is_to_oneself),
    Rule("FORGED_OUTLOOK", 1.8, "it claims to be Outlook's and is not", _claims_outlook),
    Rule("URGENT", 0.4, "it claims to be urgent", _claims_priority),
    Rule("BARE_MIME", 0.8, "it names a type without MIME-Version", _is_bare_mime),
    Rule("HOP_HELO_IP", 0.6, "a relay greeted by its bare address", _greets_as_address),
    Rule("HOP_FALSE_IP", 1.2, "a relay greeted by another's address", _gives_false_address),
    Rule("HOP_IMPOSSIBLE", 2.0, "a relay's address cannot exist", _has_impossible_hop),
    Rule("HOP_LIES", 0.3, "a relay gave a name that is not its own", _lies_about_name),
    Rule("HOP_BACK_IN_TIME", 0.7, "it went back in time on its way", _goes_back_in_time),
    Rule("ID_OF_RELAY", 0.7, "a relay had to give it its Message-ID", _is_numbered_by_relay),
    Rule("TO_CROWD", 1.0, "it is to neighbours in an alphabet", _is_to_crowd),
    Rule("NAMES_RECIPIENT", 0.9, "its subject holds the recipient's address", _names_recipient),
    Rule("LIST", -0.4, "it came over a mailing list", _is_of_list),
    Rule("CONVERSATION", -1.2, "it answers and quotes what it answers", _is_conversation),
)  # fmt: skip
