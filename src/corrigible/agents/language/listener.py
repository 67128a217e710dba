"""Hearing of each sample as it ends, by Inspect's hooks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from inspect_ai.hooks import Hooks, RunEnd, SampleEnd, hooks
from inspect_ai.model import Model

from corrigible.agents.language.logs import record_of
from corrigible.agents.record import Record

_heard: list[Callable[[Record], None]] = []
_models: list[Model] = []


@hooks(name="corrigible", description="Keeps the episodes of an audit as they end.")  # pyright: ignore[reportUntypedClassDecorator]
class Listener(Hooks):
    """Hands the record of every sample that ends to whoever listens."""

    def enabled(self) -> bool:
        return bool(_heard)

    async def on_sample_end(self, data: SampleEnd) -> None:
        record = record_of(data.sample, str(data.sample.id))
        if record is not None:
            for heard in _heard:
                heard(record)

    async def on_run_end(self, data: RunEnd) -> None:
        # In the loop in which its connections were made, which ends with the run.
        for model in _models:
            with suppress(Exception):
                await model.api.aclose()


@contextmanager
def listening(heard: Callable[[Record], None], model: Model) -> Generator[None]:
    """Have ``heard`` called with each record while the context lasts, and ``model`` closed after the run."""
    _heard.append(heard)
    _models.append(model)
    try:
        yield
    finally:
        _heard.remove(heard)
        _models.remove(model)
