"""Starts the installed appliance once and saves its state, for looks to be quick: `python -m galeria.adapters.inspection`.

It does nothing where this host's QEMU has a state already. The exit status is 0 where there is one at the end.
"""

import sys

from galeria.adapters.inspection.saved_state import find_state, save_state
from galeria.domain.errors import GaleriaError
from galeria.guests.appliance import find_appliance


def main() -> int:
    """Save the state where it is missing, and return the exit status; the reason of a failure goes to standard error."""
    appliance = find_appliance()
    if appliance is None:
        sys.stderr.write("The appliance is not built. Run: python -m galeria.guests --appliance\n")
        return 1
    try:
        if find_state(appliance) is None:
            save_state(appliance)
    except GaleriaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
