"""What the part `[machines]` of the settings file says of the accounts of machines' processes."""

from collections.abc import Mapping
from typing import Any

from galeria.adapters.settings_values import flag_of
from galeria.domain.labs.machine_accounts import COUNT, AccountSettings

LEAST = 1000  # below are the accounts of the system
MOST = 2**31 - COUNT


def read_accounts(table: Mapping[str, Any]) -> AccountSettings:
    """Read it. Raises ValueError with the fault in it."""
    own, first = flag_of(table, "own_accounts", default=True), table.get("first_account", 0)
    if not isinstance(first, int) or isinstance(first, bool) or not (first == 0 or LEAST <= first <= MOST):
        raise ValueError(f"'first_account' is 0, or a number from {LEAST} to {MOST}")
    return AccountSettings(is_own=own, first=first)
