"""Set new credentials through the agent in a machine that has accounts already, without knowing the old ones."""

import libvirt

from galeria.adapters.engine import agent
from galeria.ports.machines import MachineCredentials

# bash is tried by running it: in small images its name can be a link to a busybox without bash.
# useradd is everywhere but on busybox, where `adduser -D` makes an account without asking for a password.
ENSURE_ACCOUNT = r"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
known() { grep -q "^$1:" /etc/passwd; }
in_group() { grep "^$1:" /etc/group | cut -d: -f4 | tr , '\n' | grep -qx "$2"; }
user=$1
shell=/bin/sh; /bin/bash -c : 2>/dev/null && shell=/bin/bash
known "$user" || useradd -m -s "$shell" "$user" </dev/null >/dev/null 2>&1
known "$user" || adduser -D -s "$shell" "$user" </dev/null >/dev/null 2>&1
known "$user" || adduser "$user" </dev/null >/dev/null 2>&1
known "$user" || { echo "the account $user could not be made" >&2; exit 1; }
for group in sudo wheel; do
  grep -q "^$group:" /etc/group || continue
  in_group "$group" "$user" && continue
  usermod -a -G "$group" "$user" >/dev/null 2>&1 || addgroup "$user" "$group" >/dev/null 2>&1
  in_group "$group" "$user" || { echo "$user could not be added to the group $group" >&2; exit 1; }
done
sync
exit 0
"""

# Prints "known" where the account exists; its keys are moved aside, never deleted.
RETIRE_KEYS = r"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
line=$(grep "^$1:" /etc/passwd) || exit 0
home=$(printf '%s\n' "$line" | cut -d: -f6)
for keys in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
  { [ -e "$keys" ] || [ -L "$keys" ]; } || continue
  mv -f "$keys" "$keys.retired" || exit 1
done
sync
echo known
"""

# crypt(5): no password has a hash that begins with "!"; OpenSSH takes such an account as locked.
LOCKED = "!"


def set_credentials(domain: libvirt.virDomain, credentials: MachineCredentials) -> None:
    """Set the account's password and lock the retired accounts. May be repeated.

    An account that is both used and retired keeps working with the new password and without its SSH keys. Raises
    MachineFailed.
    """
    for user in credentials.retire:
        known = agent.execute(domain, RETIRE_KEYS, user).output.strip() == "known"
        if known and user != credentials.user_name:
            agent.set_password(domain, user, LOCKED)
    agent.execute(domain, ENSURE_ACCOUNT, credentials.user_name)
    agent.set_password(domain, credentials.user_name, credentials.password_hash)
    agent.execute(domain, "sync")
