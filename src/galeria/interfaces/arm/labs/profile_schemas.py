"""Profiles of lab plans and labs in request bodies. An absent property stays, and null removes it."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from galeria.domain.labs.profiles import Profiles
from galeria.interfaces.arm.protocol.wire_types import Tags, Text, Wire, Word, any_case

# Limits in the description of the Lab Services API.
Address = Annotated[str, Field(min_length=3, max_length=2000)]
Duration = Annotated[str, Field(max_length=64)]


class ConnectionAccess(StrEnum):
    PUBLIC = "Public"
    PRIVATE = "Private"
    NONE = "None"


class Switch(StrEnum):
    ENABLED = "Enabled"
    DISABLED = "Disabled"


class OnIdle(StrEnum):
    NONE = "None"
    USER_ABSENCE = "UserAbsence"
    LOW_USAGE = "LowUsage"


Way = Annotated[ConnectionAccess | None, any_case(ConnectionAccess)]
OnOff = Annotated[Switch | None, any_case(Switch)]


class ConnectionProfile(Wire):
    web_ssh_access: Way = None
    web_rdp_access: Way = None
    client_ssh_access: Way = None
    client_rdp_access: Way = None


class ShutdownProfile(Wire):
    shutdown_on_disconnect: OnOff = None
    shutdown_when_not_connected: OnOff = None
    shutdown_on_idle: Annotated[OnIdle | None, any_case(OnIdle)] = None
    disconnect_delay: Duration | None = None
    no_connect_delay: Duration | None = None
    idle_delay: Duration | None = None


class PlanNetwork(Wire):
    subnet_id: Address | None = None


class LabNetwork(PlanNetwork):
    load_balancer_id: Address | None = None
    public_ip_id: Address | None = None


class SupportInfo(Wire):
    url: Address | None = None
    email: Annotated[str, Field(min_length=6, max_length=254)] | None = None
    phone: Annotated[str, Field(min_length=1, max_length=31)] | None = None
    instructions: Text | None = None


class RosterProfile(Wire):
    active_directory_group_id: Word | None = None
    lti_context_id: Word | None = None
    lms_instance: Text | None = None
    lti_client_id: Word | None = None
    lti_roster_endpoint: Text | None = None


class MachineCapabilities(Wire):
    install_gpu_drivers: OnOff = None


def _by_name(tags: object) -> object:
    """Read tags as a list of texts, as older descriptions of the API have them: "name:value", "name=value" or a name alone."""
    if not isinstance(tags, list) or not all(isinstance(each, str) for each in tags):
        return tags
    parts = [each.replace("=", ":", 1).partition(":") for each in tags]
    return {name.strip(): value.strip() for name, _, value in parts}


LabTags = Annotated[Tags, BeforeValidator(_by_name)]


class LabChanged(Wire):
    """The properties of a PATCH that plans and labs have in common."""

    tags: LabTags | None = None


def sent_properties(model: Wire | None) -> Profiles:
    """Return only what was sent, under the API's names."""
    if model is None:
        return {}
    kept: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return kept
