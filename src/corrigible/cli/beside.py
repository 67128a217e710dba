"""Verbs that are commands of their own and have further commands beside them."""

from __future__ import annotations

from typing import Any, final

import click


@final
class WithOthers(click.Command):
    """A command with others beside it, which are chosen by their name as the first word.

    ``corrigible worlds NAME`` tells a world, ``corrigible worlds serve NAME`` serves it: one reads as
    well as the other, where a group of commands would want a word for the first one too.

    Examples
    --------
    >>> main = WithOthers("worlds", callback=lambda: click.echo("all"))
    >>> main.add(click.Command("serve", callback=lambda: click.echo("serving")))
    >>> main(["serve"], standalone_mode=False)
    serving
    >>> main([], standalone_mode=False)
    all
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.others: dict[str, click.Command] = {}

    def add(self, command: click.Command) -> None:
        """Put a command beside this one."""
        assert command.name, "a command has a name"
        self.others[command.name] = command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args and args[0] in self.others:
            name = f"{info_name} {args[0]}"
            return self.others[args[0]].make_context(name, args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        # `click.BaseCommand.main` invokes the command it was called on, whatever the context says.
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section("Beside it"):
            told = [
                (f"{ctx.command_path} {name}", other.get_short_help_str())
                for name, other in self.others.items()
            ]
            formatter.write_dl(told)
