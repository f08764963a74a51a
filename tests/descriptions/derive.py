"""Writes the facts of Azure's public OpenAPI descriptions: run it with the folder of a checkout of azure-rest-api-specs.

    python -m tests.descriptions.derive CHECKOUT

Facts only: method, path, status codes, and the shape of every body. No words of the descriptions are kept.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
HERE = Path(__file__).parent
COMPUTE = "specification/compute/resource-manager/Microsoft.Compute"
LABS = "specification/labservices/resource-manager/Microsoft.LabServices/stable"
RESOURCES = "specification/resources/resource-manager"
ROLES = "specification/authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/authorization-"
MONITOR = "specification/monitor/resource-manager/Microsoft.Insights/stable/2015-04-01"
GRAPH = "specification/resourcegraph/resource-manager/Microsoft.ResourceGraph/stable/2024-04-01"
_LAB_FILES = (
    "Images",
    "LabPlans",
    "LabServices",
    "Labs",
    "OperationResults",
    "Schedules",
    "Skus",
    "Usages",
    "Users",
    "VirtualMachines",
)
# What is written → the descriptions it comes from, each with the operations, or groups of them, that stand here; none: all.
SOURCES: dict[str, dict[str, tuple[str, ...]]] = {
    "compute": {
        f"{COMPUTE}/GalleryRP/stable/2024-03-03/gallery.json": (
            "Galleries",
            "GalleryImages",
            "GalleryImageVersions",
            "GallerySharingProfile",
            "SoftDeletedResource",
        ),
        f"{COMPUTE}/GalleryRP/stable/2024-03-03/sharedGallery.json": (),
        f"{COMPUTE}/GalleryRP/stable/2024-03-03/communityGallery.json": (),
        f"{COMPUTE}/DiskRP/stable/2024-03-02/disk.json": (),
        f"{COMPUTE}/DiskRP/stable/2024-03-02/snapshot.json": (),
        f"{COMPUTE}/ComputeRP/stable/2024-07-01/image.json": (),
        f"{COMPUTE}/ComputeRP/stable/2024-07-01/virtualMachine.json": (
            "VirtualMachines_Get",
            "VirtualMachines_ListAll",
        ),
    },
    "labs-2018-10-15": {f"{LABS}/2018-10-15/ML.json": ()},
    "labs-2022-08-01": {f"{LABS}/2022-08-01/{each}.json": () for each in _LAB_FILES},
    "labs-2023-06-07": {f"{LABS}/2023-06-07/{each}.json": () for each in _LAB_FILES},
    "platform": {
        f"{RESOURCES}/Microsoft.Resources/stable/2022-12-01/subscriptions.json": (
            "Subscriptions_Get",
            "Subscriptions_List",
            "Subscriptions_ListLocations",
            "Tenants",
        ),
        f"{RESOURCES}/Microsoft.Resources/stable/2024-07-01/resources.json": (
            "Providers_Get",
            "Providers_List",
            "Providers_Register",
            "ResourceGroups_CheckExistence",
            "ResourceGroups_CreateOrUpdate",
            "ResourceGroups_Delete",
            "ResourceGroups_Get",
            "ResourceGroups_List",
            "ResourceGroups_Update",
            "Resources_List",
            "Resources_ListByResourceGroup",
            "Tags_CreateOrUpdateAtScope",
            "Tags_DeleteAtScope",
            "Tags_GetAtScope",
            "Tags_UpdateAtScope",
        ),
        f"{RESOURCES}/Microsoft.Authorization/stable/2020-05-01/locks.json": (
            "ManagementLocks_CreateOrUpdateByScope",
            "ManagementLocks_DeleteByScope",
            "ManagementLocks_GetByScope",
            "ManagementLocks_ListByScope",
        ),
        f"{ROLES}RoleAssignmentsCalls.json": (
            "RoleAssignments_Create",
            "RoleAssignments_Delete",
            "RoleAssignments_Get",
            "RoleAssignments_ListForScope",
        ),
        f"{ROLES}RoleDefinitionsCalls.json": ("RoleDefinitions_Get", "RoleDefinitions_List"),
        f"{MONITOR}/activityLogs_API.json": (),
        f"{GRAPH}/resourcegraph.json": ("Resources",),
    },
}
METHODS = ("get", "put", "patch", "post", "delete", "head")
KEPT = ("format", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


@dataclass
class Checkout:
    """Reads descriptions and follows their references; `types` are all shapes that were met, by name."""

    folder: Path
    files: dict[Path, Json] = field(default_factory=dict)
    names: dict[tuple[Path, str], str] = field(default_factory=dict)
    types: Json = field(default_factory=dict)

    def read(self, path: Path) -> Json:
        if path not in self.files:
            self.files[path] = json.loads(path.read_text(encoding="utf-8-sig"))
        return self.files[path]

    def follow(self, ref: str, path: Path) -> tuple[Path, str, Json]:
        """The file, name and content behind a reference found in `path`."""
        file, _, inner = ref.partition("#/")
        there = (path.parent / file).resolve() if file else path
        found: Any = self.read(there)
        for part in inner.split("/"):
            found = found[part]
        return there, inner.rpartition("/")[2], found

    def operations(self, source: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
        path = (self.folder / source).resolve()
        for address, methods in self.read(path)["paths"].items():
            for method in METHODS:
                told = methods.get(method)
                id = told["operationId"] if told else ""
                if told and (not wanted or {id, id.partition("_")[0]} & set(wanted)):
                    yield id, self.operation(method, address, told, path)

    def operation(self, method: str, address: str, told: Json, path: Path) -> Json:
        answers = {code: self.body(answer, path) for code, answer in told["responses"].items()}
        # Some old descriptions keep quiet about how an operation fails.
        found: Json = {"method": method.upper(), "path": address, "answers": answers}
        return {**found, "long": True} if told.get("x-ms-long-running-operation") else found

    def body(self, answer: Json, path: Path) -> Json | None:
        """None: there is none."""
        if "$ref" in answer:
            path, _, answer = self.follow(answer["$ref"], path)
        return self.shape(answer["schema"], path) if "schema" in answer else None

    def shape(self, schema: Json, path: Path) -> Json:
        """What a value has to be like; an object with a name is kept among the types."""
        own = _marks(schema)
        if "$ref" in schema:
            there, name, found = self.follow(schema["$ref"], path)
            if not _is_object(found):
                return {**self.shape(found, there), **own}
            return {"ref": self.named(name, found, there), **own}
        if _is_object(schema):
            return {**self.object(schema, path), **own}
        if schema.get("type") == "array":
            return {"items": self.shape(schema["items"], path), **_kept(schema), **own}
        if "enum" in schema:
            return {"enum": schema["enum"], **own}
        return {**({"type": schema["type"]} if "type" in schema else {}), **_kept(schema), **own}

    def named(self, name: str, schema: Json, path: Path) -> str:
        """The name under which the type is kept; another file may use the same for something else."""
        if (path, name) not in self.names:
            taken, number = name, 2
            while taken in self.names.values():
                taken, number = f"{name}.{number}", number + 1
            self.names[path, name] = taken
            self.types[taken] = {}
            self.types[taken] = self.object(schema, path)
        return self.names[path, name]

    def object(self, schema: Json, path: Path) -> Json:
        properties, required = self.gathered(schema, path)
        found: Json = {"properties": dict(sorted(properties.items()))}
        if required:
            found["required"] = sorted(required)
        values = schema.get("additionalProperties")
        if values is True or (isinstance(values, dict) and not values):
            found["values"] = {}
        elif values:
            found["values"] = self.shape(values, path)
        return found

    def gathered(self, schema: Json, path: Path) -> tuple[Json, set[str]]:
        """Its own properties and those of everything that it is made of."""
        properties: Json = {}
        required = set(schema.get("required", []))
        for part in schema.get("allOf", []):
            there, _, found = self.follow(part["$ref"], path) if "$ref" in part else (path, "", part)
            more, needed = self.gathered(found, there)
            properties |= more
            required |= needed
        properties |= {name: self.shape(each, path) for name, each in schema.get("properties", {}).items()}
        return properties, required


def _is_object(schema: Json) -> bool:
    """A bare `object` may hold anything, so it is none in this sense."""
    return any(key in schema for key in ("properties", "allOf", "additionalProperties"))


def _kept(schema: Json) -> Json:
    return {key: schema[key] for key in KEPT if key in schema}


def _marks(schema: Json) -> Json:
    """Whether it may be null, and whether it is never to be read."""
    marks: Json = {"nullable": True} if schema.get("x-nullable") else {}
    hidden = schema.get("x-ms-secret") or "read" not in schema.get("x-ms-mutability", ["read"])
    return {**marks, "hidden": True} if hidden else marks


def derived(folder: Path, sources: dict[str, tuple[str, ...]]) -> Json:
    checkout = Checkout(folder)
    operations = {
        name: told for source, wanted in sources.items() for name, told in checkout.operations(source, wanted)
    }
    return {
        "from": sorted(sources),
        "operations": dict(sorted(operations.items())),
        "types": dict(sorted(checkout.types.items())),
    }


def written(facts: Json) -> str:
    """As JSON, with a line for each operation and each type, so that differences can be read."""
    parts = [f'"from": {json.dumps(facts["from"], indent=1)}']
    for key in ("operations", "types"):
        lines = [f"{json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}" for name, each in facts[key].items()]
        parts.append(f'"{key}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(folder: Path) -> None:
    for name, sources in SOURCES.items():
        (HERE / f"{name}.json").write_text(written(derived(folder, sources)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
