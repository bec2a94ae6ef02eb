"""`stockcore import` in a process of its own: exit codes and documents."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

PROGRAM: Final = Path(sys.executable).with_name("stockcore")


@pytest.fixture
def url(sqlite_url: str) -> str:
    assert run(sqlite_url, "location", "add-site", "MAIN", "--name", "Main")[0] == 0
    return sqlite_url


def run(url: str, *arguments: str) -> tuple[int, Any]:
    done = subprocess.run(
        [str(PROGRAM), *arguments, "--json"],
        env={**os.environ, "STOCKCORE_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, json.loads(done.stdout)


def test_an_import_is_0_when_whole_and_3_when_rejected_or_partial(url: str, tmp_path: Path) -> None:
    products = tmp_path / "products.csv.gz"
    products.write_bytes(gzip.compress(b"sku,name\nA,A\nB,B\n"))
    assert run(url, "import", "products", str(products)) == (
        0,
        {
            "kind": "products", "file": str(products), "mode": "atomic", "dry_run": False, "total": 2,
            "accepted": 2, "repeated": 0, "superseded": 0, "rejected": 0, "undone": 0, "problems": [],
            "rejected_file": None,
        },
    )  # fmt: skip
    stock = tmp_path / "stock.csv"
    stock.write_text("sku,site,quantity\nA,MAIN,5\nB,MAIN,-1\n", encoding="utf-8")
    code, answer = run(url, "import", "stock", str(stock))
    assert (code, answer["error"]["code"]) == (3, "import_rejected")
    assert answer["error"]["facts"]["rows"] == [
        {
            "row": 2, "line": 3, "field": "quantity", "code": "quantity_not_positive",
            "message": "the quantity must be greater than zero", "facts": {},
        }
    ]  # fmt: skip
    code, answer = run(url, "import", "stock", str(stock), "--mode", "per_row")
    assert (code, answer["error"]["facts"]["accepted"]) == (3, 1)
    assert (tmp_path / "stock.csv.rejected.csv").exists()
    assert run(url, "stock", "show", "--sku", "A")[1][0]["on_hand"] == "5"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("f.csv", b"sku,site\nA,MAIN\n", "column_missing"),
        ("f.csv", b"sku,site,quantity,qyt\nA,MAIN,1,1\n", "column_unknown"),
        ("f.csv", b'sku,site,quantity\nA,"MAIN,1\nB,MAIN,2\n', "quote_unclosed"),
        ("f.csv", b"sku,site,quantity\nCaf\xe9,MAIN,1\n", "invalid_encoding"),
        ("f.csv", gzip.compress(b"sku,site,quantity\nA,MAIN,1\n", mtime=0), "file_invalid"),
        ("f.csv.gz", gzip.compress(b"sku,site,quantity\nA,MAIN,1\n", mtime=0)[:-9], "file_invalid"),
        ("f.txt", b"sku,site,quantity\nA,MAIN,1\n", "file_invalid"),
    ],
    ids=["missing", "unknown", "quote", "encoding", "gzip", "cut off", "ending"],
)
def test_a_file_that_cannot_be_read_is_exit_3_b127_b131_b133_b135_b155(
    url: str, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    exit_code, answer = run(url, "import", "stock", str(tmp_path / name))
    assert (exit_code, answer["error"]["code"]) == (3, code)


def test_a_file_that_is_not_there_is_exit_3(url: str, tmp_path: Path) -> None:
    exit_code, answer = run(url, "import", "stock", str(tmp_path / "none.csv"))
    assert (exit_code, answer["error"]["code"]) == (3, "file_not_found")
