"""What is built is what is meant: the packages, typed, and nothing of the workshop."""

import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> list[PurePosixPath]:
    """The files in the wheel."""
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


def test_the_wheel_ships_the_packages_and_nothing_else(shipped: list[PurePosixPath]) -> None:
    folders = [ROOT / "src" / "stockcore", *(ROOT / "src").glob("*/stockcore_*")]
    tops = {path.parts[0] for path in shipped if not path.parts[0].endswith(".dist-info")}
    assert tops == {folder.name for folder in folders}


def test_the_wheel_ships_every_file_of_the_packages(shipped: list[PurePosixPath]) -> None:
    groups = [ROOT / "src", ROOT / "src" / "adapters", ROOT / "src" / "entrypoints"]
    wanted = {
        PurePosixPath(file.relative_to(group).as_posix())
        for group in groups
        for package in group.glob("stockcore*")
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert wanted - set(shipped) == set()


def test_the_wheel_ships_the_licence(shipped: list[PurePosixPath]) -> None:
    assert any(path.name == "LICENSE" for path in shipped)
