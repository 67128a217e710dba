"""A model from a NumPy ``.npz`` archive.

The transitions are under one of these names:

=================================  ===========================================================
``transitions`` or ``T``           floats of shape (states, actions, states)
``T_idx``, ``T_val``, ``T_shape``  the same, sparse: rows (state, action, next state) of shape
                                   (transitions, 3), their probabilities, and the full shape
``successors``                     integers of shape (states, actions), −1 for no such action
=================================  ===========================================================

and, where wanted, ``states`` and ``actions`` (labels), ``terminal`` (a mask or labels) and
``initial`` (the starting distribution). Other arrays are ignored. Nothing is unpickled.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from corrigible.core import memory
from corrigible.core.errors import FileFormatError, InputError, ModelError, UnknownNameError
from corrigible.mdp.build import from_successors, from_tensor, from_transitions
from corrigible.mdp.model import MDP

SPARSE = ("T_idx", "T_val", "T_shape")
OPTIONAL = ("states", "actions", "terminal", "initial")
FORMS = (("transitions",), ("T",), SPARSE, ("successors",))


def read_npz(path: Path | str) -> MDP:
    """Read a model from the ``.npz`` archive at ``path``; see the module for the names in it.

    Raises
    ------
    FileFormatError
        If it is no such archive, lacks the transitions, or they form no model; the message names
        the file and says what it holds.
    TooLargeError
        If the arrays would not fit in memory.
    """
    arrays = _load(path)
    forms = [form for form in FORMS if form[0] in arrays]
    if len(forms) != 1:
        what = "no transitions" if not forms else "transitions in more than one form"
        raise _broken(path, f"holds {what}, but {_held(arrays)}", _ADVICE)
    form = forms[0]
    missing = [name for name in form if name not in arrays]
    if missing:
        raise _broken(path, f"holds `{form[0]}` but lacks `{'`, `'.join(missing)}`", _ADVICE)
    named: dict[str, Any] = {key: _labels(arrays[key]) for key in OPTIONAL if key in arrays}
    try:
        if form == SPARSE:
            index, value, shape = (arrays[name] for name in SPARSE)
            return _from_sparse(path, index, value, shape, named)
        if form == ("successors",):
            return from_successors(arrays["successors"], **named)
        return from_tensor(arrays[form[0]], **named)
    except (ModelError, UnknownNameError) as error:
        raise _broken(path, error.message, error.hint) from error


_ADVICE = "save the tensor as `transitions`, or the next states as `successors`"


def _broken(path: Path | str, message: str, hint: str = "") -> FileFormatError:
    return FileFormatError(f"{path}: {message}", hint)


def _held(arrays: dict[str, np.ndarray]) -> str:
    shown = [f"`{name}` of shape {array.shape}" for name, array in list(arrays.items())[:8]]
    more = f" and {len(arrays) - 8} more" if len(arrays) > 8 else ""
    return ", ".join(shown) + more if shown else "nothing at all"


def _load(path: Path | str) -> dict[str, np.ndarray]:
    """Return the arrays in the archive."""
    try:
        if not zipfile.is_zipfile(path):
            with open(path, "rb") as file:
                start = file.read(6)
            kind = "a single `.npy` array" if start == b"\x93NUMPY" else "no archive of arrays"
            raise _broken(path, f"is {kind}, not a `.npz`", "write it with `numpy.savez`")
        with zipfile.ZipFile(path) as archive:
            needed = sum(entry.file_size for entry in archive.infolist())
        memory.require(needed, f"the arrays in `{path}`")
        with np.load(path, allow_pickle=False) as archive:
            loaded = {name: archive[name] for name in archive.files}
    except OSError as error:
        reason = error.strerror or str(error)
        raise _broken(path, f"cannot be read: {reason.lower()}", "check the path") from error
    except InputError:
        raise
    except Exception as error:  # a damaged archive can fail in any way that zip, zlib and NumPy know
        reason = (str(error).splitlines() or ["it is cut short"])[0]
        raise _broken(path, f"is a broken `.npz`: {reason}", "write it again with `numpy.savez`") from error
    # What is no array comes out as bytes.
    return {name: array for name, array in loaded.items() if hasattr(array, "dtype")}


def _labels(array: np.ndarray) -> Any:
    """Return text and whole numbers as a list of labels, masks and distributions as they are."""
    if array.dtype.kind in "bf" and array.ndim == 1:
        return array
    listed: list[Any] = np.atleast_1d(array).tolist()
    return listed if array.ndim < 2 else [tuple(row) for row in listed]


def _from_sparse(
    path: Path | str, index: np.ndarray, value: np.ndarray, shape: np.ndarray, named: dict[str, Any]
) -> MDP:
    if shape.shape != (3,) or shape.dtype.kind not in "iu" or shape[0] != shape[2] or shape.min() < 1:
        raise _broken(path, f"has the `T_shape` `{shape.tolist()}`", "it should be (states, actions, states)")
    if index.ndim != 2 or index.shape[1] != 3 or index.dtype.kind not in "iu":
        raise _broken(
            path,
            f"has a `T_idx` of shape `{index.shape}` and type `{index.dtype}`",
            "it should be whole numbers of shape (transitions, 3)",
        )
    if value.shape != index.shape[:1] or value.dtype.kind not in "biuf":
        raise _broken(
            path,
            f"has a `T_val` of shape `{value.shape}` and type `{value.dtype}`",
            f"it should be {len(index)} numbers, one for each row of `T_idx`",
        )
    n, n_actions = int(shape[0]), int(shape[1])
    source, action, target = np.ascontiguousarray(index.T).astype(np.int64)
    return from_transitions(source, action, target, value, n, n_actions, **named)
