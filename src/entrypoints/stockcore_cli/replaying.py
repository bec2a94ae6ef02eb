"""stockcore replay and demo: a real company's orders through the engine."""

from __future__ import annotations

from pathlib import Path

import click

from stockcore_cli.framing import Command, Given, Group, pass_given


@click.group("replay", cls=Group)
def replay() -> None:
    """Real histories, under a simulated clock."""


@replay.command("online-retail")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True, help="Decides the opening stock.")
@click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE", help="Change a parameter of the stock rule.")
@pass_given
def online_retail(given: Given, /, file: Path, seed: int, parameters: tuple[str, ...]) -> None:
    """Replay a file in the layout of UCI's Online Retail, into an empty database or one that holds this replay."""
    from stockcore_replay import run

    run(given, file, seed=seed, parameters=parameters)


@click.command("demo", cls=Command)
@pass_given
def demo(given: Given) -> None:
    """Two weeks of a wholesaler's real orders, in a fresh folder: the report, and what to try next."""
    from stockcore_replay.demo import demo as run_demo

    run_demo(given)
