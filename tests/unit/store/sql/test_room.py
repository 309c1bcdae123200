import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mailstead.store.sql.room import Room


def test_it_looks_at_the_disk_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now, free, looks = [0.0], [100], []

    def statvfs(path: Path) -> SimpleNamespace:
        looks.append(path)
        return SimpleNamespace(f_bavail=free[0], f_frsize=1)

    monkeypatch.setattr(os, "statvfs", statvfs)
    room = Room(Path("/somewhere"), 50, lambda: now[0])
    assert [room.has_room() for _ in range(3)] == [True] * 3
    assert len(looks) == 1
    free[0] = 49
    assert room.has_room()
    now[0] = 1.0
    assert not room.has_room()
    free[0] = 50
    now[0] = 2.5
    assert room.has_room()
    assert len(looks) == 3
