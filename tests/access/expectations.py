"""How a call of a row must be answered, worked out from the roles that the caller has been given."""

from tests.access.evaluator import HIDDEN, Given, Right, allows, reaches, refusal, sees
from tests.access.page_requests import SOCKETS
from tests.access.rows import ANY_ROLE, ANYONE, ANYWHERE, LISTED, OWN, ROSTER, SECRET, SIGNED_IN, Row, action_of
from tests.interfaces.arm.served import GROUP, LABS

Roles = tuple[Given, ...]
BRINGING = tuple(action_of(f"C/{type}/write") for type in ("galleries/images/versions", "images", "disks", "snapshots"))
READS_LOG = (action_of("I/eventtypes/values/read"),)


def expected_of_arm(row: Row, given: Roles) -> int | None:
    if row.kind == SIGNED_IN:
        return None
    if row.kind == ANY_ROLE:
        return None if given else 404
    if row.kind == ROSTER:
        return 403 if sees(given, f"{LABS}/held") else 404
    if row.kind == LISTED:
        is_known = sees(given, GROUP) or any(reaches(GROUP, each.scope) for each in given)
        return None if is_known or allows(given, row.rights[0]) else HIDDEN
    return refusal(given, row.rights)


def expected_of_page(row: Row, given: Roles) -> set[int] | None:
    """The statuses of a refusal; None where the caller is let in."""
    if row.kind in (ANYONE, SIGNED_IN):
        return None
    if row.kind == OWN:
        return {404}
    if row.kind == SECRET:
        return {400, 401, 403, 404}
    if row.kind == ANYWHERE:
        actions = READS_LOG if row.route == "web_activity" else BRINGING
        may = any(allows((each,), Right(action=action, scope=each.scope)) for each in given for action in actions)
        return None if may else {404 if row.route == "web_activity" and not given else 403}
    refused = refusal(given, row.rights)
    return None if refused is None else {4000 + refused} if row.route in SOCKETS else {refused}
