"""How domains, accounts, users and aliases look in JSON: the promise made to programs, versioned by `schema`."""

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import display_domain
from mailstead.ground.model.credential import Credential
from mailstead.ground.model.directory import Account, Alias, Domain, Role, User
from mailstead.services.accounts.domains import DomainView
from mailstead.services.accounts.users import AccountView, UserView

DOMAIN = "mailstead.domain.v1"
ACCOUNT = "mailstead.account.v1"
USER = "mailstead.user.v1"
ALIAS = "mailstead.alias.v1"
REMOVAL = "mailstead.removal.v1"
IMPORT = "mailstead.import.v1"
LIST = "mailstead.list.v1"
CREDENTIAL = "mailstead.credential.v1"


def domain_shape(domain: Domain, **more: object) -> dict[str, object]:
    """A domain."""
    return {
        "schema": DOMAIN,
        "name": domain.name,
        "unicode": display_domain(domain.name),
        "status": domain.status.value,
        "catchall": domain.catchall,
        "hand_off": domain.hand_off or None,
        "verify": domain.verify,
        "max_users": domain.max_users,
        "default_quota": domain.default_quota,
        "total_quota": domain.quota.limit_bytes,
        "total_messages": domain.quota.limit_messages,
        "created_at": render_rfc3339(domain.created_at),
        **more,
    }


def domain_view_shape(view: DomainView) -> dict[str, object]:
    """A domain with its counts."""
    return domain_shape(
        view.domain,
        alias_of=view.alias_of,
        users=view.users,
        shared=view.shared,
        aliases=view.aliases,
        used_bytes=view.used_bytes,
        used_messages=view.used_messages,
    )


def account_shape(account: Account, **more: object) -> dict[str, object]:
    """An account."""
    return {
        "schema": ACCOUNT,
        "address": str(account.address),
        "kind": account.kind.value,
        "status": account.status.value,
        "quota": account.quota_bytes,
        "quota_messages": account.quota_messages,
        "used_bytes": account.used_bytes,
        "used_messages": account.used_messages,
        "created_at": render_rfc3339(account.created_at),
        **more,
    }


def user_shape(user: User, **more: object) -> dict[str, object]:
    """A user; nothing of the password but whether there is one."""
    return {
        "schema": USER,
        "login": user.login,
        "status": user.status.value,
        "is_admin": user.is_admin,
        "role": user.role.value,
        "has_password": bool(user.password_hash),
        "created_at": render_rfc3339(user.created_at),
        **more,
    }


def user_view_shape(view: UserView | AccountView) -> dict[str, object]:
    """A user with accounts, or a shared account with members."""
    if isinstance(view, AccountView):
        return account_shape(view.account, members=[{"login": name, "role": word(role)} for name, role in view.members])
    accounts = [{**account_shape(account), "role": word(role)} for account, role in view.accounts]
    return user_shape(view.user, accounts=accounts, domains=list(view.domains))


def alias_shape(alias: Alias) -> dict[str, object]:
    """An alias."""
    return {
        "schema": ALIAS,
        "address": str(alias.address),
        "targets": list(alias.targets),
        "created_at": render_rfc3339(alias.created_at),
    }


def word(role: Role) -> str:
    """A role in lower case."""
    return role.name.lower()


def credential_shape(credential: Credential, **more: object) -> dict[str, object]:
    """An app password or a token, without its secret."""
    return {
        "schema": CREDENTIAL,
        "kind": credential.kind.value,
        "label": credential.name,
        "protocols": list(credential.protocols),
        "scopes": list(credential.scopes),
        "created_at": render_rfc3339(credential.created_at),
        "expires_at": render_rfc3339(credential.expires_at) if credential.expires_at is not None else None,
        "used_at": render_rfc3339(credential.used_at) if credential.used_at is not None else None,
        **more,
    }
