"""Files small enough to carry from machine to machine: what is larger is a folder of parts until it is used again."""

from pathlib import Path

from longthink.base.errors import UserError
from longthink.base.files import atomic, atomic_folder, remove_folder

LARGEST = 16_000_000
"""Bytes of a file that is carried."""
PARTS = ".parts"
"""What the folder of a file's parts is called, behind the file's own name. A part is called 003-of-010."""


def split(folder: Path, largest: int = LARGEST) -> None:
    """Turn every file below a folder that is larger than that into its parts."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.stat().st_size <= largest:
            continue
        parts = _parts_of(path)
        if parts.exists():
            remove_folder(parts)  # of an older file of this name
        number = -(-path.stat().st_size // largest)
        with atomic_folder(parts) as partial, path.open("rb") as file:
            for part in range(1, number + 1):
                (partial / f"{part:03}-of-{number:03}").write_bytes(file.read(largest))
        path.unlink()


def join(folder: Path) -> None:
    """Make the files again whose parts are below a folder. Raises UserError where a part is missing."""
    for parts in sorted(folder.rglob(f"*{PARTS}")):
        path = parts.with_name(parts.name.removesuffix(PARTS))
        if not path.exists():  # else it was written again after it was split
            found = sorted(part.name for part in parts.iterdir())
            number = int(found[0][-3:]) if found else 0
            if not found or found != [f"{part:03}-of-{number:03}" for part in range(1, number + 1)]:
                raise UserError(f"Parts are missing in {parts}, which has {len(found)}; copy the folder again.")
            with atomic(path) as partial, partial.open("wb") as file:
                for name in found:
                    file.write((parts / name).read_bytes())
        remove_folder(parts)


def _parts_of(path: Path) -> Path:
    return path.with_name(path.name + PARTS)
