"""What machines of a cloud cannot do, said to people: each with what they can do instead."""

from galeria.domain.errors import MachineFailed
from galeria.domain.labs.guest_network import Internet, NetworkPolicy
from galeria.domain.messages import Message

CODE = "NotSupportedByRegion"


def no_agent() -> MachineFailed:
    return MachineFailed(
        Message("The agents of machines in an OpenStack cloud cannot be asked from outside."),
        hint=Message("Sign in to the machine and do it there, or make a new one from the image."),
        code=CODE,
    )


def disk_in_use() -> MachineFailed:
    return MachineFailed(
        Message("In an OpenStack cloud a machine's disk and hardware cannot be changed while it runs."),
        hint=Message("Shut the machine down, then try again."),
        code=CODE,
    )


def open_accounts() -> MachineFailed:
    return MachineFailed(
        Message(
            "The accounts of the machine's image could not be closed on its disk, and in an OpenStack cloud its way in "
            "cannot be kept closed until they are."
        ),
        hint=Message("Make the lab in a region whose machines run under libvirt, or generalize the image first."),
        code=CODE,
    )


def work_disk() -> MachineFailed:
    return MachineFailed(
        Message("Machines in an OpenStack cloud have no work disk beside their own."),
        hint=Message("Set the lab's work disk to 0, or make the lab in a region whose machines run under libvirt."),
        code=CODE,
    )


def not_told() -> MachineFailed:
    return MachineFailed(
        Message("The cloud does not tell how busy a machine is."),
        hint=Message("Choose a rule that looks at who is connected."),
        code=CODE,
    )


def require_holdable(policy: NetworkPolicy) -> None:
    """Raise MachineFailed where a plan lets machines reach names on a list: a cloud's security groups know addresses only."""
    if policy.internet is Internet.NAMES:
        raise MachineFailed(
            Message(
                "The lab's plan lets its machines reach only names on a list. In an OpenStack cloud Galeria can open the "
                "internet or close it: its security groups know addresses, and no names."
            ),
            hint=Message(
                "Choose a plan with the whole internet or none, or make the lab in a region whose machines run under "
                "libvirt. The administrator can let addresses under 'allow' in the settings."
            ),
            code=CODE,
        )


def not_secured(network: str) -> MachineFailed:
    return MachineFailed(
        Message(
            "Port security is switched off in the cloud's network '{network}', so that nothing would limit what machines "
            "there reach, nor who reaches them.",
            network=network,
        ),
        hint=Message(
            "Ask the cloud's administrators to switch it on: openstack network set --enable-port-security {network}. "
            "Machines that were made before have to be made anew.",
            network=network,
        ),
        code="PortSecurityDisabled",
    )
