"""Tables of numbers from files: ``.npy``, ``.npz`` (dense, or a sparse matrix of SciPy's) and ``.csv``."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import FileFormatError, InputError
from corrigible.mdp.files import broken, read_lines

ENDINGS = (".npy", ".npz", ".csv")


def read_array(path: Path | str) -> Any:
    """Return the table of numbers in the file at ``path``.

    A ``.npy`` file holds one array; a ``.npz`` file one array, or a matrix written with
    ``scipy.sparse.save_npz``; a ``.csv`` file a row of numbers a line, parted by commas, below an optional
    line of names. Nothing is unpickled.

    Returns
    -------
    numpy.ndarray or scipy.sparse.csr_array
        As it is in the file; whether it fits is for its user to say.

    Raises
    ------
    FileFormatError
        If there is no such file, or it holds no such table.
    TooLargeError
        If it would not fit in memory.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise FileFormatError(f"{path}: is no table of numbers by its name", "give a .npy, .npz or .csv file")
    if ending == ".csv":
        return _csv(path)
    try:
        memory.require(path.stat().st_size, f"the table in `{path}`")
        with path.open("rb") as file:
            return _npz(file) if ending == ".npz" else np.load(file, allow_pickle=False)
    except InputError:
        raise
    except OSError as error:
        reason = error.strerror or "is damaged"
        raise FileFormatError(f"{path}: cannot be read: {reason.lower()}", "check the path") from error
    except Exception as error:  # a damaged file can fail in any way that zip, zlib and NumPy know
        reason = (str(error).splitlines() or ["it is cut short"])[0]
        raise FileFormatError(
            f"{path}: is a broken `{ending}`: {reason}", "write it again with NumPy"
        ) from error


def _npz(file: IO[bytes]) -> Any:
    from scipy import sparse

    with np.load(file, allow_pickle=False) as archive:
        names: list[str] = archive.files
        if len(names) == 1:
            return archive[names[0]]
    if "format" in names:
        file.seek(0)
        return sparse.csr_array(sparse.load_npz(file))
    held = ", ".join(f"`{name}`" for name in names[:8]) or "none"
    raise FileFormatError(f"{file.name}: holds several arrays, or none: {held}", "save one array in it")


def _csv(path: Path) -> np.ndarray:
    # A number of a few characters becomes a float object of 24 bytes and a reference to it.
    lines = read_lines(path, factor=16)
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = line.split(",")
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            if number == 1 and not any(_is_number(cell) for cell in cells):
                continue  # names of the columns
            wrong = next(cell for cell in cells if not _is_number(cell))
            raise broken(path, number, f"`{wrong.strip()}` is not a number") from None
        if len(rows[-1]) != len(rows[0]):
            raise broken(
                path,
                number,
                f"has {len(cells)} numbers, the first row {len(rows[0])}",
                "give each row as many",
            )
    if not rows:
        raise broken(path, 1, "holds no numbers", "give a row of numbers a line, parted by commas")
    return np.array(rows)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
