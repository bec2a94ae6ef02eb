"""How the program ends: exit codes, and one document on standard output with --json whatever happens."""

import json
from collections.abc import Callable
from typing import Any

import click
import pytest

from stockcore.kernel.errors import CODES, Kind, StockcoreError
from stockcore_cli.commands import stockcore
from stockcore_cli.main import EXIT, run

Output = pytest.CaptureFixture[str]


def error_of(output: Output) -> dict[str, Any]:
    document = json.loads(output.readouterr().out)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message", "field", "row", "facts"}
    return dict(document["error"])


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        below = every_command(command, (*path, name)) if isinstance(command, click.Group) else []
        found += [(*path, name), *below]
    return found


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(stockcore, "main", fail)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_refusal_has_its_exit_code(monkeypatch: pytest.MonkeyPatch, output: Output, kind: Kind) -> None:
    code = next(code for code, its in CODES.items() if its is kind)
    failing(monkeypatch, StockcoreError(code, "no", field="sku", row=3, available=1))
    assert run(["--json"]) == EXIT[kind]
    assert error_of(output) == {"code": code, "message": "no", "field": "sku", "row": 3, "facts": {"available": 1}}


@pytest.fixture
def output(capsys: Output) -> Output:
    return capsys


def test_an_interrupted_program_says_so_with_130(monkeypatch: pytest.MonkeyPatch, output: Output) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert run([]) == 130
    assert output.readouterr().out == ""


def test_a_defect_is_never_taken_for_a_refusal_by_a_rule(monkeypatch: pytest.MonkeyPatch, output: Output) -> None:
    failing(monkeypatch, ZeroDivisionError("oh"))
    assert run(["--json"]) == 4
    captured = output.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "internal"
    assert "ZeroDivisionError" in captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["order", "place"],
        ["order", "place", "--lin", "A=1"],
        ["stock", "receive", "--sku", "A"],
        ["import", "nonsense", "file.csv"],
        ["order", "list", "--limit", "0"],
        ["order", "list", "--limit", "abc"],
    ],
)
def test_a_wrong_command_line_is_usage_in_json_too_b061(output: Output, arguments: list[str]) -> None:
    assert run([*arguments, "--json"]) == 2
    assert error_of(output)["code"] == "usage"
    assert run(arguments) == 2
    captured = output.readouterr()
    assert captured.out == ""
    assert "usage" in captured.err.lower()


@pytest.mark.parametrize("text", ["A", "A2", "=2", ""])
def test_a_line_is_sku_equals_quantity(output: Output, text: str) -> None:
    assert run(["order", "place", "--line", text, "--json"]) == 2
    assert error_of(output)["code"] == "usage"


@pytest.mark.parametrize(
    ("quantity", "code"),
    [("", "number_format"), ("+5", "number_format"), ("١٢", "number_format"), ("NaN", "quantity_not_finite")],
)
def test_a_quantity_has_one_spelling_b159(output: Output, quantity: str, code: str) -> None:
    arguments = ["stock", "adjust", "--sku", "A", "--site", "M", "--json", "--quantity", quantity]
    assert run(arguments) == 2
    refusal = error_of(output)
    assert (refusal["code"], refusal["field"]) == (code, "quantity")


@pytest.mark.parametrize(
    ("time", "code"),
    [("yesterday", "date_invalid"), ("2026-13-01", "date_invalid"), ("2026-03-01", "time_zone_required")],
)
def test_a_time_that_is_none_is_refused_b163(output: Output, time: str, code: str) -> None:
    assert run(["stock", "show", "--sku", "A", "--as-of", time, "--json"]) == 2
    refusal = error_of(output)
    assert (refusal["code"], refusal["field"]) == (code, "as_of")


def test_an_argument_that_is_no_text_is_refused_b171(output: Output) -> None:
    assert run(["stock", "show", "--sku", "\udcff", "--json"]) == 2
    assert error_of(output)["code"] == "text_invalid"


@pytest.mark.parametrize(
    "arguments",
    [["--database", "mysql://x/y"], ["--database", ""], ["--database", "nonsense"], ["--database", " "]],
)
def test_a_database_that_is_none_is_refused_before_or_after_the_subcommand(
    output: Output, arguments: list[str]
) -> None:
    for line in ([*arguments, "product", "list", "--json"], ["product", "list", "--json", *arguments]):
        assert run(line) == 4
        assert error_of(output)["code"] == "database_url"


@pytest.mark.parametrize("path", every_command(stockcore), ids=" ".join)
def test_every_command_explains_itself_and_takes_the_common_options(output: Output, path: tuple[str, ...]) -> None:
    assert run([*path, "--help"]) == 0
    text = output.readouterr().out
    assert all(option in text for option in ("--database", "--json", "--dry-run"))


def test_the_version_is_told(output: Output) -> None:
    assert run(["--version"]) == 0
    assert output.readouterr().out.startswith("stockcore ")


@pytest.fixture
def written(output: Output) -> Callable[[], str]:
    return lambda: output.readouterr().out


def test_data_is_shown_literally_and_never_as_markup_b111(written: Callable[[], str]) -> None:
    from stockcore_cli.printing import Printer, Table

    Printer(as_json=False).show(None, lambda: [Table(["name"], [["[red]Robert'); DROP TABLE--"]], title="[b]x")])
    text = written()
    assert "[red]Robert'); DROP TABLE--" in text
    assert "[b]x" in text
