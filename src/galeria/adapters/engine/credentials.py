"""Set new credentials through the agent in a machine that has accounts already, without knowing the old ones."""

import libvirt

from galeria.adapters.engine import agent
from galeria.domain.labs.revisions import LOCKED
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
if [ "$2" = plain ]; then
  for group in root sudo wheel admin adm disk shadow docker lxd libvirt kvm; do
    in_group "$group" "$user" || continue
    gpasswd -d "$user" "$group" >/dev/null 2>&1 || delgroup "$user" "$group" >/dev/null 2>&1
    ! in_group "$group" "$user" || { echo "$user could not be taken from the group $group" >&2; exit 1; }
  done
  for file in /etc/sudoers /etc/sudoers.d/*; do
    [ -f "$file" ] && awk -v user="$user" '$1 == user { found = 1 } END { exit !found }' "$file" || continue
    awk -v user="$user" '$1 != user { print }' "$file" > /run/galeria-sudo && cat /run/galeria-sudo > "$file" || exit 1
    rm -f /run/galeria-sudo
  done
  sync
  exit 0
fi
for group in sudo wheel admin; do
  grep -q "^$group:" /etc/group || continue
  in_group "$group" "$user" && continue
  usermod -a -G "$group" "$user" >/dev/null 2>&1 || addgroup "$user" "$group" >/dev/null 2>&1
  in_group "$group" "$user" || { echo "$user could not be added to the group $group" >&2; exit 1; }
done
[ ! -d /etc/sudoers.d ] || {
  umask 227
  printf '%s ALL=(ALL) ALL\n' "$user" > /etc/sudoers.d/90-galeria.new &&
    mv -f /etc/sudoers.d/90-galeria.new /etc/sudoers.d/90-galeria || exit 1
}
sync
exit 0
"""

# Closes every account but $1, which gets a new password, and those named behind it: a "!" before what opens it, its keys
# aside. Prints the names of those that were open. Files are written in place, so that their owner, mode and label stay.
CLOSE_OTHERS = r"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
umask 077
user=$1; shift
for name in "$@"; do printf '%s\n' "$name"; done > /run/galeria-kept || exit 1
for file in /etc/shadow /etc/passwd; do
  [ -f "$file" ] || continue
  awk -F: -v OFS=: -v user="$user" -v file="$file" '
    FNR == NR && FILENAME == "/run/galeria-kept" { kept[$0] = 1; next }
    NF > 1 && $1 != user && !($1 in kept) && $2 !~ /^[!*]/ && !(file == "/etc/passwd" && $2 == "x") {
      print $1 > "/run/galeria-closed"; $2 = "!" $2 }
    { print }' /run/galeria-kept "$file" > /run/galeria-new || exit 1
  cmp -s /run/galeria-new "$file" || cat /run/galeria-new > "$file" || exit 1
  [ ! -f /run/galeria-closed ] || { cat /run/galeria-closed; rm -f /run/galeria-closed; }
done
while IFS=: read -r name _ _ _ _ home _; do
  grep -qxF -e "$name" /run/galeria-kept && continue
  for keys in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
    { [ -e "$keys" ] || [ -L "$keys" ]; } || continue
    [ ! -s "$keys" ] || printf '%s\n' "$name"
    mv -f "$keys" "$keys.retired" || exit 1
  done
done < /etc/passwd
rm -f /run/galeria-kept /run/galeria-new
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


def set_credentials(domain: libvirt.virDomain, credentials: MachineCredentials) -> None:
    """Set the account's password and lock the retired accounts. May be repeated.

    An account that is both used and retired keeps working with the new password and without its SSH keys. Raises
    MachineFailed.
    """
    if credentials.close_others:
        agent.execute(domain, CLOSE_OTHERS, credentials.user_name, *credentials.keep)
    for user in credentials.retire:
        known = agent.execute(domain, RETIRE_KEYS, user).output.strip() == "known"
        if known and user != credentials.user_name:
            agent.set_password(domain, user, LOCKED)
    agent.execute(domain, ENSURE_ACCOUNT, credentials.user_name, "admin" if credentials.is_admin else "plain")
    agent.set_password(domain, credentials.user_name, credentials.password_hash)
    agent.execute(domain, "sync")
