"""stockcore replay and demo: a real company's orders through the engine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stockcore_cli.framing import Command, Given, Group, pass_given
from stockcore_cli.verifying import DIFFERENCE

if TYPE_CHECKING:
    from stockcore_replay.parameters import Parameters
    from stockcore_replay.report import Report


@click.group("replay", cls=Group)
def replay() -> None:
    """Real histories, under a simulated clock."""


@replay.command("online-retail")
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option("--seed", type=int, default=1, show_default=True, help="Decides the opening stock.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a parameter of the stock rule.")
@click.pass_context
@pass_given
def online_retail(given: Given, context: click.Context, /, file: Path, seed: int, settings: tuple[str, ...]) -> None:
    """Replay a file in the layout of UCI's Online Retail, into an empty database or one that holds this replay."""
    _refuse_dry_run(given)
    report = _replayed(given.url(), file, _parameters(seed, settings))
    _tell(given, context, report)


@click.command("demo", cls=Command)
@click.pass_context
@pass_given
def demo(given: Given, context: click.Context, /) -> None:
    """A month of a wholesaler's real orders, in a fresh folder: the report, and what to try next."""
    _refuse_dry_run(given)
    from stockcore_replay.demo import ATTRIBUTION, fresh_database, sample_path, what_next

    url = given.database or f"sqlite:///{fresh_database()}"
    report = _replayed(url, sample_path(), _parameters(1, ()))
    _tell(given, context, report)
    if not given.json:
        _print_next(what_next(url, _program()), ATTRIBUTION, report)


def _refuse_dry_run(given: Given) -> None:
    if given.dry_run:
        raise click.UsageError("a replay writes as it goes and cannot be tried: give it a database of its own")


def _parameters(seed: int, settings: tuple[str, ...]) -> Parameters:
    from stockcore_replay.parameters import read_parameters

    given: dict[str, str] = {"seed": str(seed)}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise click.UsageError(f"--set {setting}: write NAME=VALUE")
        given[name.strip().replace("-", "_")] = value.strip()
    try:
        return read_parameters(given)
    except ValueError as error:
        raise click.UsageError(f"--set {error}") from error


def _replayed(url: str, file: Path, parameters: Parameters) -> Report:
    """Replay with a progress bar, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from stockcore_replay import replay_online_retail

    console = Console(stderr=True)
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("replaying", total=None, rate="")

        def begin(rows: int) -> None:
            progress.update(task, total=rows)

        def tick(rows: int) -> None:
            speed = progress.tasks[0].speed
            progress.update(task, advance=rows, rate=f"{speed:,.0f} rows/s" if speed else "")

        return replay_online_retail(url, file, parameters, begin=begin, tick=tick)


def _tell(given: Given, context: click.Context, report: Report) -> None:
    """The report; exit 5 when the books do not agree."""
    from stockcore_replay.report import print_report, to_document

    given.draw(lambda: to_document(report), lambda console: print_report(report, console))
    if not report.verify.get("ok"):
        context.exit(DIFFERENCE)


def _program() -> str:
    """How the program can be called from here: by its path, where its environment is not active."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "stockcore" and shutil.which("stockcore") is None else "stockcore"


def _print_next(commands: list[tuple[str, str]], attribution: str, report: Report) -> None:
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True)
    console.print(f"[dim]{attribution}[/dim]", highlight=False)
    console.print(f"Replayed {report.total:,} invoice lines. What to try next:", highlight=False)
    for sentence, command in commands:
        console.print(f"  [bold]{sentence}[/bold]\n    {command}", highlight=False)
