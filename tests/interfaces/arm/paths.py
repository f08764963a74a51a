"""Names for the variable parts of every path, so that each route can be asked about something that is there."""

from galeria.interfaces.arm.protocol.routes import Route
from tests.interfaces.arm.compute.shared_galleries import COMMUNITY, filled, gallery, share
from tests.interfaces.arm.lab_machines import student_machine
from tests.interfaces.arm.path_values import special, variables
from tests.interfaces.arm.served import Arm, done
from tests.local_installation import SUBSCRIPTION

# What the whole installation hangs on goes last of all, a lock on everything at the very end.
LAST = ("ResourceGroups_Delete", "People_Disable", "ManagementLocks_CreateOrUpdateByScope")


def in_order(routes: tuple[Route, ...]) -> list[Route]:
    def place(route: Route) -> tuple[int, bool, str]:
        late = LAST.index(route.name) + 1 if route.name in LAST else 0
        return late, route.method == "DELETE", route.name

    return sorted(routes, key=place)


def with_shared_galleries(service: Arm, names: dict[str, str]) -> dict[str, str]:
    """The names of things that are there and ready.

    With one gallery shared and one open to everybody, and with a machine for one of the lab's users.
    """
    service.work()
    student_machine(service, names["lab"], names["environment"], 50201)
    shared = gallery(service, "shared", sharingProfile={"permissions": "Groups"})
    filled(service, shared)
    done(share(service, shared, "Add", Subscriptions=[SUBSCRIPTION]))
    everybodys = gallery(service, "open", sharingProfile=COMMUNITY)
    filled(service, everybodys)
    done(share(service, everybodys, "EnableCommunity"))
    told = done(service().get(everybodys))["properties"]["sharingProfile"]["communityGalleryInfo"]
    return names | {"shared gallery": f"{SUBSCRIPTION}-SHARED", "community gallery": told["publicNames"][0]}


def on_the_way(route: Route, known: dict[str, str]) -> dict[str, str]:
    """What stands in a path that leads to something real; other than in the table of access, also where it is deleted."""
    if "/sharedGalleries/{gallery}" in route.path and "locations" in route.path:
        return known | {"gallery": known["shared gallery"], "image": "linux"}
    if "/communityGalleries/{gallery}" in route.path:
        return known | {"gallery": known["community gallery"], "image": "linux"}
    if route.method == "DELETE":
        scope = f"{SUBSCRIPTION}/resourceGroups/campus" if route.name.startswith("Tags_") else known["scope"]
        return known | special(known, "admin").get(route.name, {}) | {"scope": scope}
    return variables(route, known, "admin")
