"""What may keep a server from starting, told to people."""

from collections.abc import Callable

from mailstead.cli.exits import Failure


def start(server: Callable[[], int]) -> int:
    """Run it; what is wrong with the place or the settings ends the command with a cure."""
    import apsw

    from mailstead.app.config_report import ConfigError
    from mailstead.app.sockets import CannotListen
    from mailstead.app.wiring import UNFIT
    from mailstead.ground.model.errors import MailError
    from mailstead.net.privileges import UnknownUser
    from mailstead.net.tls import BadCertificate

    try:
        return server()
    except ConfigError as error:
        raise Failure("config", f"the configuration cannot be used\n{error}") from error
    except CannotListen as error:
        raise Failure("config", str(error), "stop the other program, or choose another port") from error
    except BadCertificate as error:
        raise Failure("config", str(error), "see tls.cert_file and tls.key_file") from error
    except UnknownUser as error:
        raise Failure("config", str(error), "see server.user") from error
    except UNFIT as error:
        raise Failure("config", f"the store cannot be opened: {error}", "see database.path") from error
    except MailError as error:
        raise Failure("busy", str(error), "try again") from error
    except apsw.Error as error:
        raise Failure("config", f"the store cannot be opened: {error}", "see database.path") from error
    except PermissionError as error:
        raise Failure("denied", f"{error.filename}: {error.strerror}", "run this as the server's user") from error
