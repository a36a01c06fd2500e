"""Who of the staff may do what: the table of roles, and the flags of a profile that add to it or take away."""

from enum import StrEnum

from domain import Value


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    OPERATOR = "operator"
    COORDINATOR = "coordinator"
    DISPATCHER = "dispatcher"
    SUPPORT = "support"


class Permission(StrEnum):
    VIEW_BOOKINGS = "view_bookings"
    VIEW_CUSTOMERS = "view_customers"
    MODIFY_BOOKINGS = "modify_bookings"
    CHANGE_STATUS = "change_status"
    WRITE_NOTES = "write_notes"
    VIEW_LOGISTICS = "view_logistics"
    MANAGE_LOGISTICS = "manage_logistics"
    VIEW_FINANCIALS = "view_financials"
    REQUEST_REFUNDS = "request_refunds"
    APPROVE_REFUNDS = "approve_refunds"
    MANAGE_CATALOG = "manage_catalog"
    MANAGE_STAFF = "manage_staff"
    REPLAY = "replay"
    FORGET_CUSTOMER = "forget_customer"
    VIEW_OWN_AUDIT = "view_own_audit"
    VIEW_AUDIT = "view_audit"
    EXPORT = "export"


class Flags(Value):
    """Of one profile: the second takes away what the role may, the others add to it."""

    can_approve_refunds: bool = False
    can_modify_bookings: bool = True
    can_view_financials: bool = False


P = Permission
EVERYBODY = {P.VIEW_BOOKINGS, P.VIEW_LOGISTICS, P.VIEW_OWN_AUDIT}
ON_THE_ROAD = EVERYBODY | {P.CHANGE_STATUS, P.MANAGE_LOGISTICS}
AT_THE_DESK = {P.VIEW_CUSTOMERS, P.WRITE_NOTES, P.REQUEST_REFUNDS}
OPERATOR = ON_THE_ROAD | AT_THE_DESK | {P.MODIFY_BOOKINGS}
MANAGER = OPERATOR | {P.VIEW_FINANCIALS, P.MANAGE_CATALOG, P.VIEW_AUDIT, P.EXPORT}
TABLE: dict[Role, set[Permission]] = {
    Role.ADMIN: set(Permission),
    Role.MANAGER: MANAGER,
    Role.OPERATOR: OPERATOR,
    Role.COORDINATOR: ON_THE_ROAD,
    Role.DISPATCHER: ON_THE_ROAD,
    Role.SUPPORT: EVERYBODY | AT_THE_DESK,
}
MODIFYING = {P.MODIFY_BOOKINGS, P.CHANGE_STATUS}


def permissions(role: Role, flags: Flags) -> frozenset[Permission]:
    """What a member of staff with this role and these flags may do (spec.md, section 7)."""
    found = set(TABLE[role])
    if role in (Role.MANAGER, Role.OPERATOR) and flags.can_approve_refunds:
        found.add(P.APPROVE_REFUNDS)
    if role is Role.OPERATOR and flags.can_view_financials:
        found.add(P.VIEW_FINANCIALS)
    return frozenset(found if flags.can_modify_bookings else found - MODIFYING)
