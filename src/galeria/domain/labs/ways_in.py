"""How a lab's machines are reached: this decides when a machine counts as running."""

from enum import StrEnum

from galeria.domain.images.galleries import OsType
from galeria.domain.labs.profiles import CONNECTION, Profiles, connection_of
from galeria.domain.messages import Message
from galeria.domain.reach.relay import GUEST_PORTS, Service

NO_AGENT = Message("The machine's agent does not answer, so that no password can be set while it runs.")
STOP_SET_START = Message("Stop the machine, set the password, and start it again.")


class WayIn(StrEnum):
    """What must answer before a machine is Running."""

    SSH = "SSH"
    RDP = "RDP"
    AGENT = "agent"  # nobody is to sign in from outside

    @property
    def service(self) -> Service | None:
        """What of a machine answers; None where its agent does."""
        return {WayIn.SSH: Service.SSH, WayIn.RDP: Service.RDP}.get(self)

    @property
    def port(self) -> int | None:
        """The port in the guest; None without one."""
        return GUEST_PORTS[self.service] if self.service else None


def way_in(profiles: Profiles, os_type: OsType) -> WayIn:
    """Returns the way into the machines of a lab with these profiles.

    Remote desktops of Linux go through SSH, so that those need it too.
    """
    connection = connection_of(profiles, os_type)
    if all(connection.get(name, "None") == "None" for name in CONNECTION):
        return WayIn.AGENT
    return WayIn.RDP if os_type is OsType.WINDOWS else WayIn.SSH
