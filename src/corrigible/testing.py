"""What people who extend Corrigible test their own parts with."""

from corrigible.worlds.conformance import check_world

__all__ = ["check_world"]
