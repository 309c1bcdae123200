"""`mailstead run`, `status`, `stop`."""

import sys
import time

import click

from mailstead.cli.exits import PROBLEMS, Failure
from mailstead.cli.shell import Shell, common, note

STOP_POLL = 0.05
STOP_SLACK = 15.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@common
def run(shell: Shell) -> None:
    """Serve, until told to stop.

    Reads the file of --config, or mailstead.yaml of the working directory, ~/.mailstead or /etc/mailstead. Without any
    it serves the domain of MAIL_DOMAIN (localhost) on the port of MAIL_PORT (2525), with its data in ~/.mailstead.
    """
    from mailstead.app.config_check import check_machine
    from mailstead.cli.client import connect

    loaded = shell.loaded
    if problems := check_machine(loaded.config, loaded.sources):
        raise Failure("config", "this machine does not fit the configuration\n" + "\n".join(map(str, problems)))
    if (running := connect(loaded.config.control_socket)) is not None:
        running.close()
        raise Failure(
            "exists", f"a server runs already (it answers at {loaded.config.control_socket})", "mailstead stop"
        )
    for text in loaded.notes:
        note(f"note: {text}")
    from mailstead.app.serving import run_server
    from mailstead.cli.starting import start

    sys.exit(start(lambda: run_server(loaded)))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@common
def status(shell: Shell) -> None:
    """How the running server is: workers, connections, ports."""
    found = shell.ask("status")
    is_well = all(worker["is_ready"] and not worker["illness"] for worker in found["workers"])
    if shell.as_json:
        shell.print_json({"schema": "mailstead.status.v1", **found})
    else:
        state = "stopping" if found["is_draining"] else "healthy" if is_well else "not well"
        print(f"{state}, pid {found['pid']}, up {found['uptime']:.0f} s")
        print("ports   " + ", ".join(f"{name} {port}" for name, port in found["ports"].items()))
        for worker in found["workers"]:
            sessions = ", ".join(f"{count} {name}" for name, count in worker["connections"].items() if count)
            health = worker["illness"] or ("ready" if worker["is_ready"] else "starting")
            restarts = f", restarted {worker['restarts']} times" if worker["restarts"] else ""
            print(f"worker {worker['number']}: {health}, pid {worker['pid']}{restarts}; {sessions or 'no sessions'}")
    if not is_well:
        sys.exit(PROBLEMS)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--no-wait", is_flag=True, help="Do not wait until it has ended.")
@common
def stop(shell: Shell, no_wait: bool) -> None:
    """Ask the server to finish what it does and end."""
    from mailstead.cli.client import connect

    result = shell.ask("stop")
    path = shell.loaded.config.control_socket
    limit = shell.loaded.config.server.shutdown_grace.total_seconds() + STOP_SLACK
    until = time.monotonic() + limit
    while not no_wait:
        connection = connect(path)
        if connection is None:
            break
        connection.close()
        if time.monotonic() > until:
            raise Failure("busy", f"it has not ended within {limit:.0f} s", "look with: mailstead status")
        time.sleep(STOP_POLL)
    if shell.as_json:
        shell.print_json({"schema": "mailstead.stop.v1", **result, "ended": not no_wait})
    else:
        print("stopping" if no_wait else "stopped")
