"""The table of roles as the house wrote it (spec, section 7), and what the words in its cells let somebody do."""

from domain.permissions import Flags, Permission, Role

COLUMNS = (
    (Role.ADMIN,),
    (Role.MANAGER,),
    (Role.OPERATOR,),
    (Role.COORDINATOR, Role.DISPATCHER),
    (Role.SUPPORT,),
)
TABLE = """
| view bookings and customers               | yes | yes  | yes         | bookings    | yes   |
| modify bookings, notes                    | yes | yes  | yes         | status only | notes |
| logistics                                 | yes | yes  | yes         | yes         | view  |
| financials, payments list                 | yes | yes  | flag        | no          | no    |
| request refunds                           | yes | yes  | yes         | no          | yes   |
| approve refunds                           | yes | flag | flag        | no          | no    |
| catalogue, capacity, settings             | yes | yes  | no          | no          | no    |
| staff accounts, replay, forget a customer | yes | no   | no          | no          | no    |
| audit log, export                         | yes | yes  | own actions | own         | own   |
"""
P = Permission
CELLS: dict[str, dict[str, set[Permission]]] = {
    "view bookings and customers": {"yes": {P.VIEW_BOOKINGS, P.VIEW_CUSTOMERS}, "bookings": {P.VIEW_BOOKINGS}},
    "modify bookings, notes": {
        "yes": {P.MODIFY_BOOKINGS, P.CHANGE_STATUS, P.WRITE_NOTES},
        "status only": {P.CHANGE_STATUS},
        "notes": {P.WRITE_NOTES},
    },
    "logistics": {"yes": {P.VIEW_LOGISTICS, P.MANAGE_LOGISTICS}, "view": {P.VIEW_LOGISTICS}},
    "financials, payments list": {"yes": {P.VIEW_FINANCIALS}, "flag": set()},
    "request refunds": {"yes": {P.REQUEST_REFUNDS}},
    "approve refunds": {"yes": {P.APPROVE_REFUNDS}, "flag": set()},
    "catalogue, capacity, settings": {"yes": {P.MANAGE_CATALOG}},
    "staff accounts, replay, forget a customer": {"yes": {P.MANAGE_STAFF, P.REPLAY, P.FORGET_CUSTOMER}},
    "audit log, export": {
        "yes": {P.VIEW_OWN_AUDIT, P.VIEW_AUDIT, P.EXPORT},
        "own actions": {P.VIEW_OWN_AUDIT},
        "own": {P.VIEW_OWN_AUDIT},
    },
}
FLAG_OF = {"financials, payments list": "can_view_financials", "approve refunds": "can_approve_refunds"}
TAKEN_AWAY = {P.MODIFY_BOOKINGS, P.CHANGE_STATUS}


def cells() -> list[tuple[str, Role, str]]:
    """Row, role and the word in the cell."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.strip().splitlines()]
    return [
        (row, role, word) for row, *words in rows for roles, word in zip(COLUMNS, words, strict=True) for role in roles
    ]


def may(role: Role, flags: Flags) -> set[Permission]:
    """What the table, read cell by cell, lets a member of staff do."""
    found = set()
    for row, holder, word in cells():
        if holder is role:
            found |= CELLS[row].get(word, set())
            if word == "flag" and getattr(flags, FLAG_OF[row]):
                found |= CELLS[row]["yes"]
    return found if flags.can_modify_bookings else found - TAKEN_AWAY
