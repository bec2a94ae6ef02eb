"""Customers: whom orders belong to (ORD-09)."""

from __future__ import annotations

from typing import Final

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.text import normal_code, read_text
from stockcore.kernel.unit_of_work import Changes, Ids, UnitOfWork
from stockcore.orders.commands import AddCustomer
from stockcore.orders.records import Customer, CustomersByCode
from stockcore.orders.results import CustomerDocument


def _add_all(uow: UnitOfWork, work: Work[AddCustomer, CustomerDocument]) -> None:
    codes = tuple(sorted({normal_code(command.code) for command in work.commands}))
    uow.prepare_draw(len(work.commands))
    known, found = uow.load(work.known(), CustomersByCode(codes))
    work.settle(known)
    ids = Ids(uow, len(work.commands))
    changes = Changes()
    taken = {customer.normal_code for customer in found}
    work.decide(lambda command: _add(command, taken, changes, ids, uow.origin.actor))
    work.record(changes, ids.now)
    uow.write(changes)


def _add(command: AddCustomer, taken: set[str], changes: Changes, ids: Ids, actor: str) -> CustomerDocument:
    """Errors: duplicate_customer, those of texts."""
    code = read_text(command.code, field="code")
    name = read_text(command.name, field="name")
    normal = normal_code(code)
    if normal in taken:
        raise StockcoreError("duplicate_customer", f"there is a customer {code} already", field="code", customer=code)
    taken.add(normal)
    changes.insert(
        Customer(
            id=next(ids),
            code=code,
            normal_code=normal,
            name=name,
            email=command.email,
            street=command.street,
            city=command.city,
            postcode=command.postcode,
            country=command.country,
            created_at=ids.now,
            created_by=actor,
        )
    )
    return CustomerDocument(code, name)


ADD_CUSTOMER: Final = UseCase("orders.add_customer", CustomerDocument, _add_all)
