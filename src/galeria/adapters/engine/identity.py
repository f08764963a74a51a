"""Give a copied machine a new identity: host name (hostname(5)), machine-id (machine-id(5)) and SSH host keys."""

import libvirt

from galeria.adapters.engine import agent

KEYS_SECONDS = 120.0  # an RSA key took 2 to 6 seconds under software emulation, and hosts are busy

RENEW_NAME = r"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
printf '%s\n' "$1" > /etc/hostname || exit 1
hostname "$1" 2>/dev/null || printf '%s' "$1" > /proc/sys/kernel/hostname
if [ -f /etc/hosts ] && grep -q '^127\.0\.1\.1' /etc/hosts; then
  awk -v name="$1" '/^127\.0\.1\.1/ {print "127.0.1.1\t" name; next} {print}' /etc/hosts > /etc/hosts.new &&
    cat /etc/hosts.new > /etc/hosts; rm -f /etc/hosts.new
fi
tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id || exit 1
[ -f /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ] && cat /etc/machine-id > /var/lib/dbus/machine-id
sync
"""

# Dropbear's keys are those that its command line names with -r, and the defaults of dropbear(8). OpenSSH makes all its
# missing keys itself; it comes last because small images have its names as links to dropbear's keys. Init restarts a
# dropbear that runs in the foreground under it.
RENEW_KEYS = r"""
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
listeners=
for process in /proc/[0-9]*; do
  [ "$(cat "$process/comm" 2>/dev/null)" = dropbear ] || continue
  [ "$(awk '/^PPid:/ {print $2}' "$process/status")" = 1 ] && listeners="$listeners ${process#/proc/}"
done
{ for pid in $listeners; do tr '\0' '\n' < "/proc/$pid/cmdline" | awk 'found {print; found=0} $0 == "-r" {found=1}'; done
  for kind in rsa ecdsa ed25519; do echo "/etc/dropbear/dropbear_${kind}_host_key"; done
} | sort -u > /run/galeria-keys
while IFS= read -r key; do
  [ -f "$key" ] || continue
  case "$key" in *ed25519*) kind=ed25519;; *ecdsa*) kind=ecdsa;; *) kind=rsa;; esac
  rm -f "$key.new"
  dropbearkey -t "$kind" -f "$key.new" >/dev/null 2>&1 || { echo "dropbearkey failed" >&2; exit 1; }
  mv -f "$key.new" "$key"
done < /run/galeria-keys
rm -f /run/galeria-keys
if command -v ssh-keygen >/dev/null 2>&1 && [ -d /etc/ssh ]; then
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
  ssh-keygen -A >/dev/null 2>&1 || { echo "ssh-keygen -A failed" >&2; exit 1; }
fi
sync
if command -v systemctl >/dev/null 2>&1; then
  systemctl try-restart ssh.service sshd.service dropbear.service >/dev/null 2>&1 </dev/null
  exit 0
fi
[ -f /run/sshd.pid ] && kill -HUP "$(cat /run/sshd.pid)"
for pid in $listeners; do kill "$pid"; done
exit 0
"""


def renew_identity(domain: libvirt.virDomain, *, host_name: str) -> None:
    """Set a new identity through the agent. May be repeated; every call makes another one. Raises MachineFailed."""
    agent.execute(domain, RENEW_NAME, host_name)
    agent.execute(domain, RENEW_KEYS, seconds=KEYS_SECONDS)
