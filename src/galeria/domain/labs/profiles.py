"""The profiles of a lab account and a lab (connections, shutdown, roster, networks), kept as the API writes them.

Most of them are for student machines. The limits are those of the Lab Services API (docs/rules.md, "Labs").
"""

from typing import Any
from uuid import UUID

from galeria.domain.durations import HOUR, parse_duration
from galeria.domain.errors import Invalid
from galeria.domain.images.galleries import OsType
from galeria.domain.messages import Message

Profiles = dict[str, Any]

MAX_CAPACITY = 400
MAX_QUOTA = 9999 * HOUR

# Machines are reached by SSH, with a program of one's own or in the browser, and nothing shuts them down by itself.
CONNECTION: Profiles = {
    "webSshAccess": "Public",
    "webRdpAccess": "None",
    "clientSshAccess": "Public",
    "clientRdpAccess": "None",
}
WINDOWS_CONNECTION: Profiles = CONNECTION | {
    "webSshAccess": "None",
    "clientSshAccess": "None",
    "clientRdpAccess": "Public",
}
NO_SHUTDOWN: Profiles = {
    "shutdownOnDisconnect": "Disabled",
    "shutdownWhenNotConnected": "Disabled",
    "shutdownOnIdle": "None",
}
_DELAYS = ("disconnectDelay", "noConnectDelay", "idleDelay")
# A delay of more than a day would outlast every class.
_LONGEST_DELAY = 24 * HOUR


def usual_connection(os_type: OsType) -> Profiles:
    """Returns how people reach machines where nothing else is said: Windows by remote desktop, Linux by SSH."""
    return WINDOWS_CONNECTION if os_type is OsType.WINDOWS else CONNECTION


def connection_of(profiles: Profiles, os_type: OsType) -> Profiles:
    """Returns the connection profile of a lab with these profiles."""
    profile: Profiles = profiles.get("connectionProfile") or usual_connection(os_type)
    return profile


def merged(held: Profiles, said: Profiles) -> Profiles:
    """Returns the profile `held` changed by `said`, object by object; a null removes a property (RFC 7396)."""
    result = dict(held)
    for name, value in said.items():
        inner = result.get(name)
        if isinstance(value, dict):
            result[name] = merged(inner if isinstance(inner, dict) else {}, value)
        elif value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def check_shutdown(profile: Profiles, target: str) -> None:
    """Raises Invalid where a delay of the shutdown profile is no duration or longer than a day."""
    for name in _DELAYS:
        text = profile.get(name)
        if text is not None and parse_duration(text, f"{target}.{name}") > _LONGEST_DELAY:
            raise Invalid(
                Message("The delay '{text}' is too long.", text=text),
                hint=Message("At most a day: P1D."),
                target=f"{target}.{name}",
            )


def check_roster(profile: Profiles, target: str) -> None:
    """Raises Invalid where the roster's group id is no GUID, or the zero GUID."""
    group = profile.get("activeDirectoryGroupId")
    if group is None:
        return
    try:
        is_zero = UUID(group).int == 0
    except ValueError as error:
        raise _no_group(group, target) from error
    if is_zero:
        raise _no_group(group, target)


def quota(text: str, target: str) -> int:
    """Returns the seconds of an ISO 8601 quota. Raises Invalid above 9999 hours."""
    seconds = parse_duration(text, target)
    if seconds > MAX_QUOTA:
        raise Invalid(
            Message("The quota '{text}' is too large.", text=text),
            hint=Message("It is 0 to 9999 hours: PT9999H."),
            target=target,
        )
    return seconds


def capacity(count: int, target: str) -> int:
    """Returns the number of machines for students. Raises Invalid unless it is 0 to 400."""
    if not 0 <= count <= MAX_CAPACITY:
        raise Invalid(
            Message("A lab has no room for {count} users.", count=count),
            hint=Message("It is 0 to {max_capacity}.", max_capacity=MAX_CAPACITY),
            target=target,
        )
    return count


def _no_group(text: str, target: str) -> Invalid:
    return Invalid(
        Message("'{text}' is no group's object id.", text=text),
        hint=Message("Give the GUID of a group, not the zero GUID, or leave it away."),
        target=f"{target}.activeDirectoryGroupId",
    )
