"""From ``module:object`` to the object: how people name their own worlds and agents."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from corrigible.core.errors import OptionError, UnknownNameError, in_short, unknown_name


def load_object(text: str, kind: str, forms: str) -> Any:
    """Return the object that ``module:object`` names; dots in the second part go deeper.

    Parameters
    ----------
    text
        ``module:object``. Modules are looked for in the current folder too.
    kind
        What is wanted, for the errors: "agent", "world".
    forms
        The hint: which forms are understood.

    Raises
    ------
    UnknownNameError
        If there is no such module or object.
    OptionError
        If the module does not load.
    """
    module_name, _, path = text.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and not (module_name + ".").startswith(error.name + "."):
            raise OptionError(f"the {kind} `{text}` needs the module `{error.name}`", "install it") from error
        raise UnknownNameError(
            f"there is no module `{module_name}` for the {kind} `{text}`", forms
        ) from error
    except (Exception, SystemExit) as error:  # the module is anybody's code
        raise OptionError(
            f"the module `{module_name}` does not load: {in_short(error)}", "mend it first"
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            unknown_name(f"object in `{module_name}` named", part, [n for n in dir(found) if n[:1] != "_"])
        found = getattr(found, part)
    return found
