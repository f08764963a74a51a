"""Values for the variable parts of paths, made by the administrator."""

import httpx

from galeria.domain.people.principals import ROLES
from galeria.interfaces.arm.protocol.routes import Route
from tests.interfaces.arm.request_bodies import BODIES, DISK, SNAPSHOT
from tests.interfaces.arm.served import GROUP, LABS, SUB, Arm, done, lab_body, version_body
from tests.local_installation import SUBSCRIPTION, disk_bytes


def make_path_values(service: Arm, image: str) -> dict[str, str]:
    """What stands for the variable parts of the paths: things that exist, made by the administrator."""
    enrol(service, "victim", "Reader")
    admin = service()
    lab = admin.put(f"{LABS}/held", json=lab_body(image))
    done(admin.put(f"{LABS}/held/users/student", json=BODIES["Users_CreateOrUpdate"]), 201)
    done(admin.put(f"{LABS}/held/schedules/monday", json=BODIES["Schedules_CreateOrUpdate"]), 201)
    compute = f"{GROUP}/providers/Microsoft.Compute"
    done(admin.put(f"{compute}/disks/held", json=DISK), 200)
    done(admin.put(f"{compute}/snapshots/held", json=SNAPSHOT), 202)
    address = {"osDisk": {"osType": "Linux", "blobUri": "https://example.org/os.vhd"}}
    made = {"location": "brazilsouth", "properties": {"storageProfile": address}}
    done(admin.put(f"{compute}/images/ready", json=made), 201)
    draft = admin.put(f"{image}/versions/2.0.0", json=version_body(service.installation.upload(disk_bytes())))
    assigned = f"{SUB}/providers/Microsoft.Authorization/roleAssignments"
    (assignment,) = done(admin.get(assigned, params={"$filter": f"principalId eq '{id_of(service, 'victim')}'"}))[
        "value"
    ]
    return {
        "subscription": SUBSCRIPTION,
        "group": "campus",
        "gallery": "gal",
        "definition": "ready",
        "version": "1.0.0",
        "plan": "labs",
        "image": "ready",
        "lab": "held",
        "disk": "held",
        "snapshot": "held",
        "machine": "template",
        "user": "student",
        "schedule": "monday",
        "account": "labs",
        "setting": "default",
        "environment": "one",
        "location": "brazilsouth",
        "operation": operation_of(draft),
        "lab_operation": operation_of(lab),
        "person": "victim",
        "secret": "absent",
        "scope": SUBSCRIPTION,
        "assignment": assignment["name"],
        "role": ROLES["Reader"].id,
        "namespace": "Microsoft.Compute",
        "kind": "Images",
        "lock": "keep",
    }


def enrol(arm: Arm, name: str, role: str) -> None:
    """A person with one role at the subscription, made through the service itself."""
    made = done(arm().post(f"{SUB}/providers/Microsoft.Galeria/people", json={"name": name}), 201)
    body = {"properties": {"roleDefinitionId": role, "principalId": made["id"]}}
    path = f"{SUB}/providers/Microsoft.Authorization/roleAssignments/{made['id']}"
    done(arm().put(path, json=body), 201)
    with arm.installation.context.database(reading=True) as uow:
        arm.installation.people[name] = uow.people.get(made["id"])


def id_of(arm: Arm, name: str) -> str:
    return arm.installation.people[name].id


def operation_of(answer: httpx.Response) -> str:
    return httpx.URL(answer.headers["azure-asyncoperation"]).path.rpartition("/")[2]


def variables(route: Route, names: dict[str, str], who: str) -> dict[str, str]:
    """What stands in the path; what is deleted is never there, so that nothing is lost for those who come later."""
    own = dict(names)
    if route.method == "DELETE":
        own |= {"gallery": "absent", "definition": "absent", "version": "9.9.9", "plan": "absent", "lab": "absent"}
        own |= {"disk": "absent", "snapshot": "absent", "image": "absent"}
        own |= in_a_lab(route)
    if route.name == "ResourceGroups_Delete":
        own["group"] = "absent"
    if route.name.startswith("Tags_"):
        own["scope"] = f"{SUBSCRIPTION}/resourceGroups/campus"
    if route.name.startswith("GlobalUsers_"):
        own["person"] = "me"
    return own | special(names, who).get(route.name, {})


def in_a_lab(route: Route) -> dict[str, str]:
    """Parts of a lab are looked for in a lab that is there."""
    absent = {"user": "absent", "schedule": "absent"}
    absent |= {"account": "absent"} if route.path.endswith("{account}") else {}
    return absent | ({"lab": "held"} if route.path.endswith(("{user}", "{schedule}", "{environment}")) else {})


def special(names: dict[str, str], who: str) -> dict[str, dict[str, str]]:
    of_a_lab = {"operation": names["lab_operation"]}
    return {
        **dict.fromkeys(("OperationResults_Get", "OperationResults_Cancel", "LabOperations2018_Get"), of_a_lab),
        "Labs_CreateOrUpdate": {"lab": f"by-{who}"},
        "RoleAssignments_Create": {"assignment": "00000000-0000-0000-0000-000000000000"},
    }
