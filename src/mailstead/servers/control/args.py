"""The arguments of each operation, checked before it runs. Unknown ones are errors."""

from typing import Annotated, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(max_length=1024)]
Quota = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]
Age = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
RoleWord = Literal["viewer", "editor", "sender", "admin"]


class Args(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all have in common."""


class Nothing(Args, frozen=True, kw_only=True):
    """No arguments."""


class Change(Args, frozen=True, kw_only=True):
    """Of operations that change something."""

    dry_run: bool = False


class DomainAdd(Change, frozen=True, kw_only=True):
    """`domain.add`."""

    name: Text
    alias_of: Text | None = None
    catchall: Text | None = None
    hand_off: Text | None = None
    verify: bool = True
    max_users: Annotated[int, msgspec.Meta(ge=0)] | None = None
    quota: Quota | None = None


class DomainSet(Change, frozen=True, kw_only=True):
    """`domain.set`: `quota` is the default of its users, the totals are of all accounts together."""

    name: Text
    quota: Quota | None = None
    total_quota: Quota | None = None
    total_messages: Quota | None = None
    hand_off: Text | None = None  # "none" takes it back
    verify: bool | None = None


class DomainName(Args, frozen=True, kw_only=True):
    """`domain.show`."""

    name: Text


class DomainRemove(Change, frozen=True, kw_only=True):
    """`domain.remove`."""

    name: Text


class DomainFilter(Args, frozen=True, kw_only=True):
    """`user.list`, `alias.list`."""

    domain: Text | None = None


class UserAdd(Change, frozen=True, kw_only=True):
    """`user.add`: `password` or `hash`."""

    address: Text
    password: Text | None = None
    hash: Text | None = None
    quota: Quota | None = None
    is_admin: bool = False


class SharedAdd(Change, frozen=True, kw_only=True):
    """`shared.add`."""

    address: Text
    members: Annotated[dict[Text, RoleWord], msgspec.Meta(max_length=1000)] = {}
    quota: Quota | None = None


class Share(Change, frozen=True, kw_only=True):
    """`shared.grant`: a role, or none to take it away."""

    address: Text
    user: Text
    role: RoleWord | None


class UserName(Args, frozen=True, kw_only=True):
    """`user.show`."""

    name: Text


class UserRemove(Change, frozen=True, kw_only=True):
    """`user.remove`."""

    name: Text


class UserPasswd(Change, frozen=True, kw_only=True):
    """`user.passwd`."""

    name: Text
    password: Text


class UserSet(Change, frozen=True, kw_only=True):
    """`user.set`."""

    name: Text
    quota: Quota | None = None
    quota_messages: Quota | None = None
    status: Literal["active", "inactive", "suspended"] | None = None
    is_admin: bool | None = None
    role: Literal["user", "readonly", "operator", "domain-admin", "admin"] | None = None
    domains: Annotated[list[Text], msgspec.Meta(max_length=100)] | None = None


class ImportRow(Args, frozen=True, kw_only=True):
    """One row of `user.import`."""

    address: Text
    password: Text | None = None
    hash: Text | None = None
    quota: Quota | None = None


class UserImport(Change, frozen=True, kw_only=True):
    """`user.import`: a part of the list; the client sends all parts with `dry_run` first."""

    rows: Annotated[list[ImportRow], msgspec.Meta(max_length=500)]


class AliasAdd(Change, frozen=True, kw_only=True):
    """`alias.add`."""

    address: Text
    targets: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=100)]


class AliasRemove(Change, frozen=True, kw_only=True):
    """`alias.remove`."""

    address: Text


class CredentialAdd(Change, frozen=True, kw_only=True):
    """`token.create`, `app-password.add`: whose, what they call it, where it is taken, for how many days."""

    name: Text
    label: Text
    protocols: Annotated[list[Text], msgspec.Meta(max_length=20)] = []
    scopes: Annotated[list[Text], msgspec.Meta(max_length=50)] = []
    days: Annotated[int, msgspec.Meta(ge=1, le=36500)] | None = None


class CredentialName(Change, frozen=True, kw_only=True):
    """`token.revoke`, `app-password.revoke`."""

    name: Text
    label: Text


class DkimDomain(Change, frozen=True, kw_only=True):
    """`dkim.rotate`."""

    domain: Text


class DkimGenerate(Change, frozen=True, kw_only=True):
    """`dkim.generate`: what is not said is as the domain's policy has it; `fallback` is the selector if it has none."""

    domain: Text
    selector: Text | None = None
    algorithm: Literal["rsa2048", "rsa4096", "ed25519", "both"] | None = None
    fallback: Text = "default"


class DkimShow(Args, frozen=True, kw_only=True):
    """`dkim.show`."""

    domain: Text
    selector: Text | None = None


class DkimName(Change, frozen=True, kw_only=True):
    """`dkim.activate`, `dkim.retire`."""

    domain: Text
    selector: Text


class DkimRemove(Change, frozen=True, kw_only=True):
    """`dkim.remove`: `force` for one whose signatures still count."""

    domain: Text
    selector: Text
    force: bool = False


class GuardStatus(Args, frozen=True, kw_only=True):
    """`guards.status`: pauses that last, or all that are remembered."""

    all: bool = False


class GuardResume(Change, frozen=True, kw_only=True):
    """`guards.resume`."""

    name: Text


class GuardLimit(Change, frozen=True, kw_only=True):
    """`guards.limit`: rates, `none` for no limit, `default` for that of everybody."""

    name: Text
    recipients: Text | None = None
    newcomers: Text | None = None


class SuppressionAdd(Change, frozen=True, kw_only=True):
    """`suppression.add`: without `days` until it is taken away."""

    address: Text
    domain: Text = ""
    reason: Text = "by hand"
    days: Annotated[int, msgspec.Meta(ge=1, le=36500)] | None = None


class SuppressionRemove(Change, frozen=True, kw_only=True):
    """`suppression.remove`."""

    address: Text
    domain: Text = ""


class HoldRuleAdd(Change, frozen=True, kw_only=True):
    """`hold-rule.add`: all that is given must hold."""

    reason: Text
    sender: Text = ""
    recipient: Text = ""
    domain: Text = ""
    destination: Text = ""
    account: Text = ""
    min_size: Quota = 0


class HoldRuleRemove(Change, frozen=True, kw_only=True):
    """`hold-rule.remove`."""

    id: Annotated[int, msgspec.Meta(ge=1)]


class QueueFilter(Args, frozen=True, kw_only=True):
    """`queue.stats`, and part of the others: all that is given must hold. Ages in milliseconds."""

    queue: Text = ""
    sender: Text = ""
    recipient: Text = ""
    destination: Text = ""
    account: Text = ""
    older_than: Age | None = None
    younger_than: Age | None = None
    reason: Text = ""  # of a hold


class QueueList(QueueFilter, frozen=True, kw_only=True):
    """`queue.list`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000


class QueueShape(QueueFilter, frozen=True, kw_only=True):
    """`queue.shape`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 50


class QueueLanes(Args, frozen=True, kw_only=True):
    """`queue.lanes`."""

    all: bool = False


class LetterId(Args, frozen=True, kw_only=True):
    """`queue.show`, `queue.view`."""

    id: Text


class QueueMove(QueueFilter, frozen=True, kw_only=True):
    """`queue.hold` and the others. `every`: no filter is meant. `hold_reason`: why it is held, or returned."""

    ids: Annotated[list[Text], msgspec.Meta(max_length=500)] = []
    every: bool = False
    hold_reason: Text = ""
    route: Text = ""
    expected: Annotated[int, msgspec.Meta(ge=0)] | None = None
    dry_run: bool = False


class TraceName(Args, frozen=True, kw_only=True):
    """`message.trace`: a number, a Message-ID, an address or an IP."""

    id: Text


class MessageSend(Change, frozen=True, kw_only=True):
    """`message.send`: one of our own people hands in a letter."""

    sender: Text
    recipients: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=1000)]
    base64: Annotated[str, msgspec.Meta(max_length=1_000_000)]


class AuthVerify(Args, frozen=True, kw_only=True):
    """`auth.verify`."""

    name: Text
    password: Text


class OutboundTest(Args, frozen=True, kw_only=True):
    """`outbound.test`: a domain, or an address."""

    target: Text


class RouteName(Change, frozen=True, kw_only=True):
    """`route.remove`."""

    side: Literal["to", "from"]
    name: Text


class RouteAdd(RouteName, frozen=True, kw_only=True):
    """`route.add`: `password` for the user that the target names."""

    target: Text
    password: Text = ""
    note: Text = ""


class TlsRuleName(Change, frozen=True, kw_only=True):
    """`tls-rule.remove`."""

    domain: Text


class TlsRuleAdd(TlsRuleName, frozen=True, kw_only=True):
    """`tls-rule.add`."""

    demand: Literal["none", "may", "encrypt", "secure", "dane-only"]
    note: Text = ""


class PolicyShow(Args, frozen=True, kw_only=True):
    """`policy.show`: `_default` is the template of new domains, here and below."""

    domain: Text


class PolicySet(Change, frozen=True, kw_only=True):
    """`policy.set`: `group.field=value` each."""

    domain: Text
    values: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=200)]


class PolicyReset(Change, frozen=True, kw_only=True):
    """`policy.reset`: groups, or `group.field`; none: all groups but identity."""

    domain: Text
    fields: Annotated[list[Text], msgspec.Meta(max_length=200)] = []


class PolicyWhatIf(Args, frozen=True, kw_only=True):
    """`policy.what-if`: `group.field=value` each, on top of a profile if one is named."""

    domain: Text
    values: Annotated[list[Text], msgspec.Meta(max_length=200)] = []
    profile: Literal["", "gomailserver", "mu", "dev"] = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 7
    limit: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 100


class PolicyProfile(Change, frozen=True, kw_only=True):
    """`policy.profile`."""

    domain: Text
    profile: Literal["gomailserver", "mu", "dev"]
