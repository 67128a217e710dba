"""The command line: one file a verb. Terminal output lives here alone."""

from corrigible.cli.main import main

__all__ = ["main"]
