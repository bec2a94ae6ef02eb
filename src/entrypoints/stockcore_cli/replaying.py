"""stockcore replay and demo: a real company's orders through the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stockcore.kernel.errors import StockcoreError
from stockcore_cli.framing import Command, Given, Group, pass_given
from stockcore_cli.printing import tell
from stockcore_cli.progress import counting
from stockcore_cli.verifying import DIFFERENCE

if TYPE_CHECKING:
    from stockcore_replay.parameters import Parameters

_SAMPLE = "online_retail_2010_12.csv.gz"
_NEXT = """
The books are in {file}. What to try next:

  export STOCKCORE_DATABASE_URL={url}
  stockcore stock list --limit 10
  stockcore order list --limit 10
  stockcore order place --line 22423=2
  stockcore verify
"""


@click.group("replay", cls=Group)
def replay() -> None:
    """Real histories, under a simulated clock."""


@replay.command("online-retail")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True, help="Decides the opening stock.")
@click.option("--set", "changed", multiple=True, metavar="NAME=VALUE", help="Another value for a parameter.")
@click.pass_context
@pass_given
def online_retail(given: Given, context: click.Context, /, file: Path, seed: int, changed: tuple[str, ...]) -> None:
    """Replay a file in the layout of UCI's Online Retail, into an empty database or one that holds this replay."""
    _replay(given, context, given.url(), file, _parameters(seed, changed))


@click.command("demo", cls=Command)
@click.pass_context
@pass_given
def demo(given: Given, context: click.Context, /) -> None:
    """A month of a wholesaler's real orders, in a fresh folder: the report, and what to try next."""
    import tempfile

    import stockcore_replay

    sample = Path(stockcore_replay.__path__[0]) / "sample" / _SAMPLE
    file = Path(tempfile.mkdtemp(prefix="stockcore-demo-")) / "demo.db"
    url = f"sqlite:///{file}"
    _replay(given, context, url, sample, _parameters(1, ()))
    tell(_NEXT.format(file=file, url=url))


def _parameters(seed: int, changed: tuple[str, ...]) -> Parameters:
    from stockcore_replay.parameters import read_parameters

    texts = {"seed": str(seed)}
    for text in changed:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"--set {text!r}: write NAME=VALUE")
        texts[name] = value
    try:
        return read_parameters(texts)
    except ValueError as error:
        raise StockcoreError("usage", str(error), field="set") from error


def _replay(given: Given, context: click.Context, url: str, file: Path, parameters: Parameters) -> None:
    from stockcore_replay import run
    from stockcore_replay.report import print_report, to_document

    with counting("replay") as tick:
        report = run(url, file, parameters, tick=tick)
    given.draw(lambda: to_document(report), lambda console: print_report(report, console))
    if not report.verify["ok"]:
        context.exit(DIFFERENCE)
