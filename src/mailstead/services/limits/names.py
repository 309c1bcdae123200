"""Under which names things are counted: one for each thing and whom it is of."""

from mailstead.ground.model.block import subjects_of

_NOWHERE = "-"
"""In place of a domain of ours."""


def connections(ip: str, domain: str = "") -> str:
    """Of strangers; those that brought `domain` mail, or all."""
    return f"smtp_per_ip {subjects_of(ip)[0]} {domain}"


def letters_from(sender: str, domain: str) -> str:
    """Of an envelope sender, to a domain; `sender` is a key."""
    return f"smtp_per_sender {sender} {domain}"


def letters_to(domain: str) -> str:
    """Of strangers."""
    return f"smtp_per_domain {domain}"


def handed_in_by(login: str) -> str:
    """Letters of a user."""
    return f"smtp_per_user {login}"


def handed_in_at(domain: str) -> str:
    """Letters of its people."""
    return f"smtp_per_domain sent {domain}"


def attempts(ip: str) -> str:
    """To log in, at any name."""
    return f"auth_per_ip {subjects_of(ip)[0]}"


def attempts_at(ip: str, domain: str) -> str:
    """At names of one domain; "": of none of ours."""
    return f"auth_per_ip {subjects_of(ip)[0]} {domain or _NOWHERE}"


def logins_by_imap(login: str) -> str:
    """That succeeded."""
    return f"imap_per_user {login}"


def failures(subject: str, domain: str) -> str:
    """Of an address or a network at names of one domain."""
    return f"failed {subject} at {domain or _NOWHERE}"


def failures_of(ip: str, login: str) -> str:
    """Of an address at one name."""
    return f"failed {subjects_of(ip)[0]} as {login}"


def failures_at(login: str) -> str:
    """Of all at one name."""
    return f"failed login {login}"
