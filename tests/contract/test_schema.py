"""The database file belongs to its owner: the shell of a distribution reads it, without us."""

import subprocess

import pytest

from tests.support.mailbox import make_mailbox
from tests.support.programs import need
from tests.support.stores import Engine


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_shell_of_the_distribution_reads_it(engine: Engine) -> None:
    """Debian 12 has SQLite 3.40: no newer feature may stand in the schema."""
    shell = need("sqlite3")
    store = await engine.open()
    box = await make_mailbox(store)
    await box.append(box.folders["INBOX"], b"hello")
    questions = (
        "pragma integrity_check; select name, messages from folder where messages > 0;"
        " select count(*) from placement join message on message.id = message_id join blob on blob.id = blob_id;"
        " update folder set messages = messages where name = 'INBOX'; select changes();"
    )
    done = subprocess.run([shell, engine.where, questions], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.split() == ["ok", "INBOX|1", "1", "1"]
