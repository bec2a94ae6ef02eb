"""What every command has in common: its options, the books it works on, and how it answers.

`--database`, `--json` and `--dry-run` may stand before or after the subcommand. Nothing heavy is imported here:
`stockcore --help` must stay quick.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from stockcore_cli.printing import Printer, Table, tell, write

if TYPE_CHECKING:
    from rich.console import Console

    from stockcore_runtime.application import OwnApplication


class Given:
    """What the options common to all commands say."""

    def __init__(self) -> None:
        self.database: str | None = None
        self.json = False
        self.dry_run = False

    def url(self) -> str:
        """Errors: database_url."""
        from stockcore_runtime.settings import database_url

        return database_url(self.database)

    @contextlib.contextmanager
    def application(self) -> Iterator[OwnApplication]:
        """The application over the database that the options, the environment or the default name."""
        from stockcore.kernel.unit_of_work import Origin, Source
        from stockcore_runtime.application import open_application

        with contextlib.ExitStack() as stack:
            url = self.url()
            if self.dry_run and _is_new_file(url):
                url = f"sqlite:///{stack.enter_context(_nowhere())}"
            yield stack.enter_context(open_application(url, origin=Origin(actor=_actor(), source=Source.CLI)))

    def check_there(self) -> None:
        """Refuse to look into a file that does not exist: it would be begun, and found in order. Errors: database_url,
        schema_missing."""
        from stockcore.kernel.errors import StockcoreError

        if _is_new_file(self.url()):
            raise StockcoreError("schema_missing", "there are no books yet: no such file, or it is empty")

    def show(self, document: Any, table: Callable[[], Sequence[Table]]) -> None:
        """The answer: one JSON document for programs, tables for people."""
        Printer(as_json=self.json).show(document, table)
        if self.dry_run:
            tell("dry run: nothing was done")

    def draw(self, document: Callable[[], Any], draw: Callable[[Console], object]) -> None:
        """The answer where tables are not enough for people."""
        Printer(as_json=self.json).draw(document, draw)


def _is_new_file(url: str) -> bool:
    """Whether this is SQLite and the first use would make the file."""
    from stockcore_sql.connecting import url_of

    parsed = url_of(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return False
    file = Path(parsed.database)
    try:
        return file.parent.is_dir() and (not file.exists() or (file.is_file() and file.stat().st_size == 0))
    except OSError:  # opening it says what is wrong
        return False


@contextlib.contextmanager
def _nowhere() -> Iterator[Path]:
    """A file for books that a dry run would begin; it is gone afterwards."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="stockcore-dry-run-") as folder:
        yield Path(folder, "stockcore.db")


def _actor() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "cli"


pass_given = click.make_pass_decorator(Given, ensure=True)


def together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Options that several commands have, as one decorator."""

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _note(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def note(context: click.Context, _: click.Parameter, value: Any) -> None:
        given = context.ensure_object(Given)
        if value:
            setattr(given, name, value)
        elif value is not None and name == "database":
            given.database = value  # blank: refused when it is used, not taken for "not given"

    return note


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--database"],
            metavar="URL",
            expose_value=False,
            callback=_note("database"),
            help="sqlite:///path or postgresql://…; else STOCKCORE_DATABASE_URL, else a SQLite file of your own.",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_note("json"),
            help="Answer with one JSON document.",
        ),
        click.Option(
            ["--dry-run"],
            is_flag=True,
            expose_value=False,
            callback=_note("dry_run"),
            help="Decide everything, write nothing.",
        ),
    ]


def _show_help(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        write(context.get_help())
        context.exit()


class _Helped(click.Command):
    """Help is written as answers are: a full disk behind it is no defect."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option


class Command(_Helped):
    """A command that takes the common options too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common_options()


class Group(_Helped, click.Group):
    """A group that takes the common options too, and so do its commands."""

    command_class: ClassVar[type[click.Command]] = Command  # type: ignore[misc]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common_options()


Group.group_class = Group
