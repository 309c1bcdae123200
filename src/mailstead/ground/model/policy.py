"""What a domain wants done with mail and logins: a value with a version, in groups.

The names and the defaults are gomailserver's. Two kinds of its columns are kept elsewhere: keys (see `signing`), and
what the row of the domain says (`Identity`). DNS servers are empty: the configured resolver is asked.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from mailstead.ground.model.directory import DEFAULT_QUOTA, Domain, Status
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

TEMPLATE = "_default"
"""In place of a domain: what new ones are copied from."""

HEADERS_TO_SIGN = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")


class Action(Enum):
    """What is done with a letter that a check found fault with."""

    REJECT = "reject"  # refused in the session; where a check could not be made: put off
    QUARANTINE = "quarantine"  # kept aside, released or deleted by a person
    ACCEPT = "accept"  # filed as any other; the finding is told in the trace alone
    TAG = "tag"  # filed, the finding told in its header
    HOLD = "hold"  # taken, and judged again here until the filter answers
    DEFER = "defer"  # not now (451)
    DISCARD = "discard"  # taken and thrown away: only where a rule of the operator's says so


class KeyType(Enum):
    """What new keys are made with."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any window of so many minutes; 0: no limit."""

    count: int
    window_minutes: int

    @property
    def is_limit(self) -> bool:
        """False if it lets everything pass."""
        return self.count > 0


UNLIMITED = Rate(0, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """RFC 6376. `selector` is that of the next key; "": "default"."""

    selector: str = ""
    signing_enabled: bool = True
    verify_enabled: bool = True
    key_size: int = 2048
    key_type: KeyType = KeyType.RSA
    headers_to_sign: tuple[str, ...] = HEADERS_TO_SIGN


@dataclass(frozen=True, slots=True, kw_only=True)
class Spf:
    """RFC 7208. `record` is what this domain publishes itself; "": what mailstead advises."""

    record: str = ""
    enabled: bool = True
    dns_server: str = ""
    dns_timeout: int = 5  # seconds
    max_lookups: int = 10
    fail_action: Action = Action.REJECT
    softfail_action: Action = Action.ACCEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Dmarc:
    """RFC 9989. `policy` is what this domain publishes itself; the last two are our answers to what others publish."""

    policy: str = ""
    enabled: bool = True
    dns_server: str = ""
    dns_timeout: int = 5  # seconds
    report_enabled: bool = False
    report_email: str = ""
    reject_action: Action = Action.REJECT  # where it says p=reject
    quarantine_action: Action = Action.QUARANTINE  # where it says p=quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """RFC 8617, for letters that an alias sends on to others."""

    seal: bool = False  # hand on what was found out about them


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Reports of single letters that fail DMARC (RFC 9991), to domains that ask for them (`ruf`)."""

    enabled: bool = False
    per_day: int = 20  # to any one of these domains


@dataclass(frozen=True, slots=True, kw_only=True)
class Clamav:
    """Holds when a clamd is configured."""

    enabled: bool = True
    max_scan_size: int = 50 << 20  # bytes; longer letters are scanned so far; 0: no limit
    virus_action: Action = Action.REJECT
    fail_action: Action = Action.ACCEPT  # when clamd does not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Spam:
    """Scores are SpamAssassin's: 5 is suspicious. Our own filter counts in the same coin."""

    enabled: bool = True
    reject_score: float = 10.0
    quarantine_score: float = 5.0
    learning_enabled: bool = True
    fail_action: Action = Action.ACCEPT  # when a configured filter does not answer
    config: str = ""  # hard rules as JSON, laid over those of all domains: see `spam_rules`

    def __post_init__(self) -> None:
        """Whoever is refused would have been set aside."""
        if self.quarantine_score > self.reject_score:
            raise Invalid(
                f"spam.quarantine_score {self.quarantine_score:g} is above spam.reject_score {self.reject_score:g}: "
                "set both, the first no higher than the second"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Greylist:
    """Strangers are asked to come again (451) after `delay_minutes`."""

    enabled: bool = True
    delay_minutes: int = 5
    expiry_days: int = 30
    cleanup_interval: int = 3600  # seconds
    whitelist_after: int = 3  # letters that came again


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """`smtp_per_ip` counts connections of strangers, `smtp_per_sender` their letters by envelope sender."""

    enabled: bool = True
    smtp_per_ip: Rate = Rate(100, 60)
    smtp_per_user: Rate = Rate(500, 60)
    smtp_per_domain: Rate = Rate(1000, 60)
    smtp_per_sender: Rate = UNLIMITED
    auth_per_ip: Rate = Rate(10, 15)
    imap_per_user: Rate = Rate(1000, 60)
    cleanup_interval: int = 300  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Logins."""

    totp_enforced: bool = False
    brute_force_enabled: bool = True
    brute_force_threshold: int = 5
    brute_force_window_minutes: int = 15
    brute_force_block_minutes: int = 60
    brute_force_unknown_users: bool = True  # failures at names that are no account count, too
    ip_blacklist_enabled: bool = True
    cleanup_interval: int = 3600  # seconds


class Place(Enum):
    """Where a letter goes that is set aside."""

    JUNK = "junk"  # the recipient's own folder
    KEPT = "kept"  # apart from all folders, until somebody releases or deletes it


class Digest(Enum):
    """How often recipients are told what was kept for them."""

    OFF = "off"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """What is set aside. What carries a virus is never filed, wherever the rest goes."""

    place: Place = Place.JUNK
    days: int = 30
    digest: Digest = Digest.DAILY
    recipient_release: bool = True  # by the link in their digest; never what carries a virus


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What is kept of its traffic: how each letter was judged, and what was refused."""

    days: int = 90  # never more than the configuration's trace.keep
    hash_addresses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything a domain wants. Of two policies of one domain the higher version is the newer."""

    version: int = 0  # 0: nobody wrote it down, these are the defaults
    changed_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing
    dkim: Dkim = field(default_factory=Dkim)
    spf: Spf = field(default_factory=Spf)
    dmarc: Dmarc = field(default_factory=Dmarc)
    failures: Failures = field(default_factory=Failures)
    arc: Arc = field(default_factory=Arc)
    clamav: Clamav = field(default_factory=Clamav)
    spam: Spam = field(default_factory=Spam)
    greylist: Greylist = field(default_factory=Greylist)
    rate_limit: RateLimit = field(default_factory=RateLimit)
    auth: Auth = field(default_factory=Auth)
    quarantine: Quarantine = field(default_factory=Quarantine)
    trace: Trace = field(default_factory=Trace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the row of a domain says, and only it; here for the template, and to be read and set along."""

    status: Status = Status.ACTIVE
    max_users: int = 0  # 0: no limit
    max_mailbox_size: int = 0  # of any one account, bytes; 0: no limit
    default_quota: int = DEFAULT_QUOTA
    catchall_email: str = ""
    backup_mx: str = ""  # hosts, as published; nothing is done with them here

    @classmethod
    def of(cls, domain: Domain) -> "Identity":
        """As its row has it."""
        return cls(
            status=domain.status, max_users=domain.max_users, max_mailbox_size=domain.max_mailbox_size,
            default_quota=domain.default_quota, catchall_email=domain.catchall or "", backup_mx=domain.backup_mx,
        )  # fmt: skip

    def put_in(self, domain: Domain) -> Domain:
        """The row with these values."""
        return replace(
            domain, status=self.status, max_users=self.max_users, max_mailbox_size=self.max_mailbox_size,
            default_quota=self.default_quota, catchall=self.catchall_email or None, backup_mx=self.backup_mx,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All columns: what the row says and what the policy says."""

    identity: Identity = field(default_factory=Identity)
    policy: Policy = field(default_factory=Policy)


class Profile(Enum):
    """Whole policies to choose from."""

    GOMAILSERVER = "gomailserver"
    MU = "mu"
    DEV = "dev"


PROFILES = {
    Profile.GOMAILSERVER: Policy(),
    Profile.MU: Policy(  # checks are told and never refuse; few connections, few letters
        spf=Spf(fail_action=Action.ACCEPT),
        dmarc=Dmarc(reject_action=Action.ACCEPT, quarantine_action=Action.ACCEPT),
        greylist=Greylist(enabled=False),
        rate_limit=RateLimit(smtp_per_ip=Rate(10, 60), smtp_per_sender=Rate(100, 24 * 60)),
    ),
    Profile.DEV: Policy(  # nothing makes a person wait who tries things out
        spf=Spf(fail_action=Action.TAG, softfail_action=Action.TAG),
        greylist=Greylist(enabled=False),
        rate_limit=RateLimit(smtp_per_ip=UNLIMITED, smtp_per_user=UNLIMITED, smtp_per_domain=UNLIMITED),
    ),
}


def take_profile(policy: Policy, profile: Profile) -> Policy:
    """The profile; keys, and what the domain publishes and reports of itself, stay as they were."""
    chosen = PROFILES[profile]
    own = policy.dmarc
    dmarc = replace(chosen.dmarc, policy=own.policy, report_enabled=own.report_enabled, report_email=own.report_email)
    return replace(
        chosen, version=policy.version, changed_at=policy.changed_at, dkim=policy.dkim,
        spf=replace(chosen.spf, record=policy.spf.record), dmarc=dmarc,
    )  # fmt: skip
