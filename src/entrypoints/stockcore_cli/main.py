"""The program: parses, runs, and turns every ending into an exit code.

0 done · 1 refused by a rule · 2 usage or a malformed value · 3 import rejected or partial · 4 infrastructure ·
5 verification found a difference · 130 interrupted.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from stockcore.kernel.errors import Kind, StockcoreError
from stockcore_cli.commands import stockcore
from stockcore_cli.printing import Printer, tell

EXIT: Final[Mapping[Kind, int]] = {
    Kind.RULE: 1,
    Kind.MALFORMED: 2,
    Kind.FILE: 3,
    Kind.INFRASTRUCTURE: 4,
    Kind.DIFFERENCE: 5,
}
INTERRUPTED: Final = 130
_CLICKS_BROKEN_PIPE: Final = 1  # what click leaves with when nobody reads its help


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show is no reason to fail
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; gives the exit code."""
    printer = Printer(as_json=_wants_json(arguments))
    try:
        return _run(arguments, printer)
    except click.exceptions.Exit as ending:  # nobody reads our answer
        return ending.exit_code
    except StockcoreError as failure:  # a refusal that cannot be written
        printer.refuse(failure)
        return EXIT[failure.kind]
    except SystemExit as ending:
        if ending.code == _CLICKS_BROKEN_PIPE:
            return 0
        raise


def _run(arguments: Sequence[str], printer: Printer) -> int:
    try:
        _check_readable(arguments)
        code = stockcore.main(args=list(arguments), prog_name="stockcore", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except StockcoreError as refusal:
        printer.refuse(refusal)
        return EXIT[refusal.kind]
    except click.exceptions.NoArgsIsHelpError as error:
        tell(error.format_message())
        printer.refuse(StockcoreError("usage", "a command is missing"))
        return EXIT[Kind.MALFORMED]
    except click.ClickException as error:
        return _usage(error, printer)
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted")
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - a defect: told in full, and never taken for a refusal by a rule
        import traceback

        traceback.print_exc()
        printer.refuse(StockcoreError("internal", "stockcore failed; this is a defect, please report it"))
        return EXIT[Kind.INFRASTRUCTURE]


def _wants_json(arguments: Sequence[str]) -> bool:
    """Also where the command line is so wrong that its options are never read."""
    options = list(arguments)
    return "--json" in (options[: options.index("--")] if "--" in options else options)


def _check_readable(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise StockcoreError("text_invalid", "an argument is not text in this system's encoding") from None


def _usage(error: click.ClickException, printer: Printer) -> int:
    context = getattr(error, "ctx", None)
    if context is not None:
        tell(context.get_usage())
    parameter = getattr(error, "param", None)
    field = None if parameter is None else parameter.name
    printer.refuse(StockcoreError("usage", error.format_message(), field=field))
    return EXIT[Kind.MALFORMED]
