"""The memory store says by itself what the SQL tables say; here the two are compared, so that neither forgets."""

from __future__ import annotations

import importlib
import pkgutil
import typing
from typing import Any

import pytest
import sqlalchemy as sa

import stockcore
from stockcore.kernel.unit_of_work import Query
from stockcore.orders.records import NextOrderNumbers
from stockcore_memory.answers import ANSWERS
from stockcore_memory.rules import RULES, Rules
from stockcore_sql.carrying import TABLES
from stockcore_sql.ddl import APPEND_ONLY
from stockcore_sql.reading import READS, LockOffersOfVariants

RECORDS = pytest.mark.parametrize("record", list(TABLES), ids=lambda record: record.__name__)


def every_query() -> set[type]:
    names = [module.name for module in pkgutil.walk_packages(stockcore.__path__, "stockcore.")]
    found = [value for name in names for value in vars(importlib.import_module(name)).values()]
    return {value for value in found if isinstance(value, type) and issubclass(value, Query)} - {Query}


def test_every_query_of_the_domain_is_answered_by_memory_and_by_sql() -> None:
    queries = every_query() - {NextOrderNumbers}
    assert len(queries) > 30
    assert set(ANSWERS) == queries
    assert set(READS) == queries | {LockOffersOfVariants}  # a way of PostgreSQL to ask the same


def test_both_stores_answer_a_query_with_the_same_records() -> None:
    assert {query: answer.record for query, answer in ANSWERS.items()} == {
        query: READS[query].record for query in ANSWERS
    }


def test_both_stores_keep_the_same_records() -> None:
    assert {record: rules.table for record, rules in RULES.items()} == {
        record: table.name for record, table in TABLES.items()
    }


@RECORDS
def test_keys_are_the_same(record: type) -> None:
    assert RULES[record].key == tuple(column.name for column in TABLES[record].primary_key)


@RECORDS
def test_what_is_unique_is_the_same(record: type) -> None:
    assert {frozenset(columns) for columns in RULES[record].unique} == uniques(TABLES[record], RULES[record])


def uniques(table: sa.Table, rules: Rules) -> set[frozenset[str]]:
    constraints: list[Any] = [item for item in table.constraints if isinstance(item, sa.UniqueConstraint)]
    indexes: list[Any] = [index for index in table.indexes if index.unique]
    found = {frozenset(column.name for column in item.columns) for item in [*constraints, *indexes]}
    if table.name == "sales_order":  # coalesce(customer, 0), reference
        found = {frozenset({"customer", "reference"}) if columns == {"reference"} else columns for columns in found}
    return {columns for columns in found if columns != {"position"}}  # the relay's, no field of a record


@RECORDS
def test_checks_have_the_same_names(record: type) -> None:
    table = TABLES[record]
    checks = {str(item.name) for item in table.constraints if isinstance(item, sa.CheckConstraint)}
    assert {f"{table.name}_{name}_check" for name in RULES[record].checks} == checks


@RECORDS
def test_references_are_the_same(record: type) -> None:
    by_table = {table.name: each for each, table in TABLES.items()}
    named = {
        (tuple(key.column_keys), by_table[key.referred_table.name], tuple(part.column.name for part in key.elements))
        for key in TABLES[record].foreign_key_constraints
    }
    assert {(reference.columns, reference.to, reference.target) for reference in RULES[record].refers} == named


def test_the_same_tables_only_grow() -> None:
    assert {rules.table for rules in RULES.values() if rules.append_only} == set(APPEND_ONLY)


@RECORDS
def test_a_field_may_be_none_exactly_where_its_column_may_be_null(record: type) -> None:
    optional = {name for name, hint in typing.get_type_hints(record).items() if type(None) in typing.get_args(hint)}
    columns = TABLES[record].c
    assert optional == {name for name in typing.get_type_hints(record) if columns[name].nullable}
