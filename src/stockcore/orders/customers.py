"""Customers: whom orders belong to (ORD-09)."""

from __future__ import annotations

from typing import Final

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.text import lookup_codes, normal_code, optional_text, read_text
from stockcore.kernel.unit_of_work import Changes, Ids, UnitOfWork
from stockcore.orders.commands import AddCustomer
from stockcore.orders.records import Customer, CustomersByCode
from stockcore.orders.results import CustomerDocument


def _add_all(uow: UnitOfWork, work: Work[AddCustomer, CustomerDocument]) -> None:
    expected = max(1, len(work.commands))
    uow.prepare_draw(expected)
    known, customers = uow.load(work.known(), CustomersByCode(lookup_codes(command.code for command in work.commands)))
    work.settle(known)
    ids = Ids(uow, expected)
    changes = Changes()
    taken = {customer.normal_code for customer in customers}
    work.decide(lambda command: _add(uow, ids, changes, taken, command), changes)
    work.record(changes, ids.now)
    uow.write(changes)


def _add(uow: UnitOfWork, ids: Ids, changes: Changes, taken: set[str], command: AddCustomer) -> CustomerDocument:
    """Errors: those of texts, duplicate_customer."""
    code = read_text(command.code, field="code")
    if normal_code(code) in taken:
        raise StockcoreError("duplicate_customer", f"there is a customer {code} already", field="code", customer=code)
    customer = Customer(
        id=next(ids),
        code=code,
        normal_code=normal_code(code),
        name=read_text(command.name, field="name"),
        email=optional_text(command.email, field="email"),
        street=optional_text(command.street, field="street"),
        city=optional_text(command.city, field="city"),
        postcode=optional_text(command.postcode, field="postcode"),
        country=optional_text(command.country, field="country"),
        created_at=ids.now,
        created_by=uow.origin.actor,
    )
    taken.add(customer.normal_code)
    changes.insert(customer)
    return CustomerDocument(code, customer.name)


ADD_CUSTOMER: Final = UseCase("orders.add_customer", CustomerDocument, _add_all)
