"""The responses in the OpenAPI description: how each operation succeeds, and the one form of all errors."""

from enum import Enum
from typing import Any

from pydantic import BaseModel, Field

from galeria.interfaces.arm.protocol.routes import Route


class ResponseDoc(Enum):
    """One way to succeed: the status code, whether it has a body, and what it means."""

    SHOWN = 200, True, "It is as the body says."
    DONE = 200, False, "Done, or there was nothing to do."
    MADE = 201, True, "It was made. Where there is a header Azure-AsyncOperation, the work on it goes on."
    BEGUN = 202, False, "The work has begun; the headers Azure-AsyncOperation and Location say where to follow it."
    WORKING = 202, True, "The work goes on; the header Azure-AsyncOperation says where to follow it."
    GONE = 204, False, "There is nothing to show, or nothing was there."

    def __init__(self, code: int, has_body: bool, words: str) -> None:
        self.code = code
        self.has_body = has_body
        self.words = words


Answers = tuple[ResponseDoc, ...]

_BY_METHOD: dict[str, Answers] = {
    "GET": (ResponseDoc.SHOWN,),
    "HEAD": (ResponseDoc.GONE,),
    "PUT": (ResponseDoc.SHOWN, ResponseDoc.MADE),
    "PATCH": (ResponseDoc.SHOWN,),
    "POST": (ResponseDoc.SHOWN,),
    "DELETE": (ResponseDoc.DONE, ResponseDoc.GONE),
}
_SHOWN = (ResponseDoc.SHOWN,)
_DONE = (ResponseDoc.DONE,)
_MADE = (ResponseDoc.MADE,)
_GONE = (ResponseDoc.GONE,)
_BEGUN = (ResponseDoc.BEGUN,)
_WORKING = (ResponseDoc.WORKING,)
_SHOWN_OR_WORKING = (ResponseDoc.SHOWN, ResponseDoc.WORKING)
_DONE_OR_BEGUN = (ResponseDoc.DONE, ResponseDoc.BEGUN)
_BEGUN_OR_GONE = (ResponseDoc.BEGUN, ResponseDoc.GONE)
_BEGUN_OR_TOLD = (ResponseDoc.BEGUN, ResponseDoc.WORKING)
_POLLED = (ResponseDoc.SHOWN, ResponseDoc.WORKING, ResponseDoc.GONE)
# Operations whose answers differ from those of their method. Tests with schemathesis refuse answers that are not named.
_BY_NAME: dict[str, Answers] = {
    "ResourceGroups_Delete": _BEGUN,
    "GalleryImageVersions_Delete": (ResponseDoc.DONE, ResponseDoc.BEGUN, ResponseDoc.GONE),
    "Disks_CreateOrUpdate": _SHOWN_OR_WORKING,
    "Disks_Update": _SHOWN_OR_WORKING,
    "Disks_Delete": _BEGUN_OR_GONE,
    "Disks_RevokeAccess": _DONE_OR_BEGUN,
    "Snapshots_CreateOrUpdate": _SHOWN_OR_WORKING,
    "Snapshots_Update": _SHOWN_OR_WORKING,
    "Snapshots_Delete": _BEGUN_OR_GONE,
    "Snapshots_RevokeAccess": _DONE_OR_BEGUN,
    "ManagedImages_Delete": _BEGUN_OR_GONE,
    "LabPlans_SaveImage": _BEGUN_OR_TOLD,
    "Images_CreateOrUpdate": _SHOWN,
    "Labs_Delete": _BEGUN_OR_GONE,
    "Labs_Publish": _BEGUN,
    "Labs_SyncGroup": _DONE,
    "VirtualMachines_Start": _DONE_OR_BEGUN,
    "VirtualMachines_Stop": _DONE_OR_BEGUN,
    "VirtualMachines_Reimage": _DONE_OR_BEGUN,
    "VirtualMachines_Redeploy": _DONE_OR_BEGUN,
    "VirtualMachines_ResetPassword": _DONE_OR_BEGUN,
    "VirtualMachines_KeepRunning": _DONE,
    "VirtualMachines_Update": _DONE_OR_BEGUN,
    "VirtualMachines_BringBack": _BEGUN,
    "Users_Invite": _DONE,
    "LabAccounts_CreateLab": _DONE,
    "LabAccounts_Delete": _GONE,
    "GalleryImages2018_CreateOrUpdate": _SHOWN,
    "SharedImages_Update": _SHOWN,
    "Labs2018_AddUsers": _DONE,
    "Labs2018_Delete": _BEGUN_OR_GONE,
    "Labs2018_Register": _DONE,
    "EnvironmentSettings_ClaimAny": _DONE,
    "EnvironmentSettings_Delete": _BEGUN_OR_GONE,
    "EnvironmentSettings_Publish": _DONE,
    "EnvironmentSettings_ResetPassword": _DONE_OR_BEGUN,
    "EnvironmentSettings_SaveImage": _DONE_OR_BEGUN,
    "EnvironmentSettings_Start": _DONE_OR_BEGUN,
    "EnvironmentSettings_Stop": _DONE_OR_BEGUN,
    "Environments_Claim": _DONE,
    "Environments_CreateOrUpdate": _SHOWN,
    "Environments_Delete": _GONE,
    "Environments_ResetPassword": _DONE_OR_BEGUN,
    "Environments_Start": _DONE_OR_BEGUN,
    "Environments_Stop": _DONE_OR_BEGUN,
    "Users2018_Delete": _GONE,
    "GlobalUsers_Register": _DONE,
    "GlobalUsers_ResetPassword": _DONE_OR_BEGUN,
    "GlobalUsers_StartEnvironment": _DONE_OR_BEGUN,
    "GlobalUsers_StopEnvironment": _DONE_OR_BEGUN,
    "CapsOperations_Get": _POLLED,
    "OperationResults_Get": _POLLED,
    "Operations_Cancel": _WORKING,
    "Operations_Retry": _WORKING,
    "People_Create": _MADE,
    "PeopleSecrets_Create": _MADE,
    "People_CreateIdentity": _MADE,
    "RoleAssignments_Create": _MADE,
    "RoleAssignments_Delete": (ResponseDoc.SHOWN, ResponseDoc.GONE),
    "Tags_DeleteAtScope": _DONE,
}


class ErrorDetail(BaseModel):
    """One fault of the request."""

    code: str
    message: str
    target: str | None = None


class ErrorBody(ErrorDetail):
    """The error; the last sentence of its message says what to do next."""

    details: list[ErrorDetail] = Field(default_factory=list)
    additionalInfo: list[dict[str, Any]] = Field(default_factory=list)


class ErrorResponse(BaseModel):
    """The body of every error."""

    error: ErrorBody


def answers_of(route: Route) -> Answers:
    """Return the ways in which the route can succeed, by ascending status codes."""
    return _BY_NAME.get(route.name, _BY_METHOD[route.method])


def responses_of(route: Route) -> dict[int | str, dict[str, Any]]:
    """Return the responses in FastAPI's form. The default replaces FastAPI's own 422, which is never answered."""
    answers = answers_of(route)
    bare = {each.code for each in answers if not each.has_body}
    # OpenAPI cannot say that a body may be missing: such a body is described in words only.
    documented: dict[int | str, dict[str, Any]] = {each.code: _described(each, bare) for each in answers}
    return {**documented, "default": {"model": ErrorResponse, "description": "An error; its code is in the body."}}


def unknown_names(routes: tuple[Route, ...]) -> set[str]:
    """Return the operations in the tables above that no route has."""
    return set(_BY_NAME) - {route.name for route in routes}


def _described(answer: ResponseDoc, bare: set[int]) -> dict[str, Any]:
    documented: dict[str, Any] = {"description": answer.words}
    return documented if answer.code in bare else documented | {"content": {"application/json": {"schema": {}}}}
