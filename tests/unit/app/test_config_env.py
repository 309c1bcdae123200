"""Every key by a variable of its own, and by the names other servers have for it."""

from pathlib import Path

import pytest

from mailstead.app.config_env import ALIASES, read_environment
from mailstead.app.config_keys import keys


def value(environ: dict[str, str], path: str) -> object:
    settings, problems = read_environment(environ)
    assert problems == []
    return settings[path].value


def one_problem(environ: dict[str, str]) -> str:
    _, problems = read_environment(environ)
    assert len(problems) == 1
    return str(problems[0])


def test_every_key_has_one_variable() -> None:
    names = [key.variable for key in keys().values()]
    assert len(set(names)) == len(names)
    assert all(name.startswith("MAILSTEAD_") and name == name.upper() for name in names)


@pytest.mark.parametrize("path", keys())
def test_every_key_can_be_set_by_it(path: str) -> None:
    key = keys()[path]
    default = key.default if key.default not in (None, (), "") else None
    samples = {"path": "/x", "host name": "a.example", "network": "10.0.0.0/8", "IP address": "::1",
               "rates": "20/minute", "milter": "a unix:/x", "JSON": "{}",
               "list of the DNS": "list.example=3"}  # fmt: skip
    text = key.show(default) if default is not None else samples.get(key.kind_name.removeprefix("list of "), "word")
    settings, problems = read_environment({key.variable: text})
    assert problems == []
    assert settings[path].variable == key.variable
    assert settings[path].value == (default if default is not None else settings[path].value)


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_leads_to_a_key(alias: str) -> None:
    assert ALIASES[alias] in keys()


@pytest.mark.parametrize(
    "name",
    [
        "SERVER_HOSTNAME",
        "SERVER_DOMAIN",
        "DB_PATH",
        "DB_WAL_ENABLED",
        "TLS_CERT_FILE",
        "TLS_KEY_FILE",
        "ACME_ENABLED",
        "ACME_EMAIL",
        "ACME_PROVIDER",
        "ACME_CACHE_DIR",
        "CLOUDFLARE_API_TOKEN",
        "SMTP_SUBMISSION_PORT",
        "SMTP_RELAY_PORT",
        "SMTPS_PORT",
        "SMTP_MAX_MESSAGE_SIZE",
        "SMTP_HOSTNAME",
        "IMAP_PORT",
        "IMAPS_PORT",
        "IMAP_IDLE_TIMEOUT",
        "API_PORT",
        "API_READ_TIMEOUT",
        "API_WRITE_TIMEOUT",
        "API_MAX_HEADER_BYTES",
        "API_ADMIN_TOKEN",
        "API_JWT_SECRET",
        "API_CORS_ORIGINS",
        "WEBUI_ENABLED",
        "WEBUI_PORT",
        "WEBDAV_ENABLED",
        "WEBDAV_PORT",
        "CLAMAV_SOCKET_PATH",
        "CLAMAV_TIMEOUT",
        "SPAMASSASSIN_HOST",
        "SPAMASSASSIN_PORT",
        "SPAMASSASSIN_TIMEOUT",
        "MAIL_PORT",
        "MAIL_DOMAIN",
        "MAIL_SELECTOR",
        "MESSAGES_TECHNICAL_DOMAIN",
        "MAX_INCOMING_EMAIL_SIZE",
    ],
)
def test_the_names_of_the_others_are_known(name: str) -> None:
    assert name in ALIASES


def test_lists_are_separated_by_commas() -> None:
    assert value({"MAILSTEAD_SERVER_LISTEN": "127.0.0.1, ::1,"}, "server.listen") == ("127.0.0.1", "::1")


def test_empty_is_not_set() -> None:
    assert read_environment({"MAILSTEAD_SMTP_RELAY_PORT": "", "MAIL_PORT": ""}) == ({}, [])


def test_our_name_wins_over_the_others() -> None:
    environ = {"MAIL_PORT": "1", "SMTP_RELAY_PORT": "2", "MAILSTEAD_SMTP_RELAY_PORT": "3"}
    settings, _ = read_environment(environ)
    assert settings["smtp.relay_port"].value == 3


def test_others_that_disagree_are_a_problem() -> None:
    assert one_problem({"MAIL_PORT": "25", "SMTP_RELAY_PORT": "26"}) == (
        "SMTP_RELAY_PORT smtp.relay_port: set to something else by MAIL_PORT\n"
        "    fix: unset one of them, or set MAILSTEAD_SMTP_RELAY_PORT, which wins"
    )
    assert value({"MAIL_PORT": "25", "SMTP_RELAY_PORT": "25"}, "smtp.relay_port") == 25


def test_elemtas_rule() -> None:
    assert value({"ELEMTA_SMTP_RELAY_PORT": "2525"}, "smtp.relay_port") == 2525
    assert value({"ELEMTA_SERVER_LISTEN": ":2525"}, "smtp.relay_port") == 2525
    assert value({"ELEMTA_TLS_MIN_VERSION": "tls1.3"}, "tls.min_version") == "1.3"
    assert read_environment({"ELEMTA_QUEUE_PROCESSOR_WORKERS": "5"}) == ({}, [])


def test_postfixs_word_for_a_proxy() -> None:
    assert value({"ENABLE_PROXY_PROTOCOL": "haproxy"}, "server.proxy_protocol") is True


def test_unknown_names_of_ours_are_problems() -> None:
    assert one_problem({"MAILSTEAD_SMTP_RELAYPORT": "1"}) == (
        "MAILSTEAD_SMTP_RELAYPORT: no such setting\n    fix: did you mean MAILSTEAD_SMTP_RELAY_PORT?"
    )
    assert "lists all names" in one_problem({"MAILSTEAD_ZZZZZZ_WWWWW": "1"})
    assert read_environment({"MAILSTEAD_CONFIG": "/x", "PATH": "/bin", "HOME": "/"}) == ({}, [])


def test_secrets_from_files(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    assert value({"MAILSTEAD_API_ADMIN_TOKEN_FILE": str(file)}, "api.admin_token") == "s3cret"
    assert value({"API_ADMIN_TOKEN_FILE": str(file)}, "api.admin_token") == "s3cret"
    assert value({"CLOUDFLARE_API_TOKEN_FILE": str(file)}, "tls.acme.api_token") == "s3cret"
    assert value({"TLS_CERT_FILE": str(file)}, "tls.cert_file") == file
    assert value({"MAILSTEAD_TLS_CERT_FILE": str(file)}, "tls.cert_file") == file
    nowhere = one_problem({"MAILSTEAD_API_ADMIN_TOKEN_FILE": str(tmp_path / "no")})
    assert "cannot be read: No such file or directory" in nowhere
    file.write_bytes(b"x" * 70_000)
    assert "larger than" in one_problem({"MAILSTEAD_API_ADMIN_TOKEN_FILE": str(file)})
