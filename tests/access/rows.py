"""What a row of the table of access says, and how its short text is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.access.evaluator import Right
from tests.interfaces.arm.served import GALLERY, GROUP, LABS, PLAN, SUB

COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
LOCKED = f"{SUB}/resourceGroups/locked"
SCOPES = {
    "sub": SUB,
    "group": GROUP,
    "locked": LOCKED,
    "gallery": GALLERY,
    "definition": f"{GALLERY}/images/ready",
    "version": f"{GALLERY}/images/ready/versions/1.0.0",
    "draft": f"{GALLERY}/images/ready/versions/2.0.0",
    "plan": PLAN,
    "bare": f"{GROUP}/providers/Microsoft.LabServices/labPlans/other",  # without a gallery
    "lab": f"{LABS}/held",
    "labs": f"{LABS}/held",  # as one of several, which a refusal does not name
    "others": f"{LABS}/other",  # the rest of them
    "disk": f"{COMPUTE}/disks/held",
    "snapshot": f"{COMPUTE}/snapshots/held",
    "image": f"{COMPUTE}/images/ready",
}
"""The scopes that rows name, and what each is in the installation of the tests."""
SIBLINGS = {
    "gallery": f"{COMPUTE}/galleries/other",
    "plan": f"{GROUP}/providers/Microsoft.LabServices/labPlans/other",
    "lab": f"{LABS}/other",
    "disk": f"{COMPUTE}/disks/other",
    "snapshot": f"{COMPUTE}/snapshots/other",
    "image": f"{COMPUTE}/images/other",
    "group": f"{SUB}/resourceGroups/other",
    "locked": f"{SUB}/resourceGroups/other",
}
"""Beside each of these scopes, another of the same type. What lies in a gallery has that gallery's sibling."""
SIBLINGS["bare"], SIBLINGS["labs"] = PLAN, SIBLINGS["lab"]
SIBLINGS |= dict.fromkeys(("definition", "version", "draft"), SIBLINGS["gallery"])
_PROVIDERS = {
    "A": "Microsoft.Authorization",
    "C": "Microsoft.Compute",
    "I": "Microsoft.Insights",
    "L": "Microsoft.LabServices",
    "R": "Microsoft.Resources",
    "G": "Microsoft.Resources/subscriptions/resourceGroups",
}

ANYONE, SIGNED_IN, ANY_ROLE, ROSTER = "anyone", "signed in", "any role", "roster"
"""Rows that no single right opens: for everybody; for whoever has signed in, about their own things or such as the caller may
see; for whoever has any role in the subscription; for who is on the lab's roster."""
LISTED = "listed"
"""A list in a resource group: for who sees the group or anything listed, or has a role on or in it. For others it is absent."""
SECRET, OWN, ANYWHERE = "secret", "own", "anywhere"
"""For who holds the secret in the address; for whose own it is, here somebody else's; for who has a right on any scope."""
KINDS = frozenset({ANYONE, SIGNED_IN, ANY_ROLE, ROSTER, SECRET, OWN, ANYWHERE})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to call a route. `kind` is set where no role decides; otherwise `rights` are asked in this order.

    `names` replaces what stands in the path; `also` are statuses below 500 that the permitted are answered, besides
    successes, because of the state of the installation.
    """

    route: str
    kind: str = ""
    rights: tuple[Right, ...] = ()
    home: str = ""  # the name of the scope that decides
    names: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[int] = frozenset()


def row(route: str, says: str, *also: int, **names: str) -> Row:
    """Read a row: "L/labs/read @lab, A/locks/write @sub", "list L/labs/read @group", or one of KINDS."""
    if says in KINDS:
        return Row(route=route, kind=says, names=names, also=frozenset(also))
    kind, says = (LISTED, says.removeprefix("list ")) if says.startswith("list ") else ("", says)
    parts = [each.split(" @") for each in says.split(", ")]
    rights = tuple(
        Right(action=action_of(action), scope=SCOPES[scope], is_known=scope in ("labs", "others"))
        for action, scope in parts
    )
    return Row(route=route, kind=kind, rights=rights, home=parts[-1][1], names=names, also=frozenset(also))


def action_of(short: str) -> str:
    provider, _, rest = short.partition("/")
    return f"{_PROVIDERS[provider]}/{rest}"
