"""Every dialogue of this folder, whole and with the client's bytes one by one."""

from functools import partial
from pathlib import Path

import pytest

from tests.support.pop3_scene import open_scene
from tests.transcript.runner import run

SCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("cut", [0, 1], ids=["whole", "bytewise"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
async def test_dialogue(script: Path, cut: int, tmp_path: Path) -> None:
    await run(script, partial(open_scene, tmp_path), cut=cut)
