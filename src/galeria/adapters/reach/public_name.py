"""Check from this host, as far as that goes, whether others can reach it and its machines under the public name."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from galeria.adapters.lasting_process import is_locked
from galeria.adapters.reach.certificate_files import CertificateFiles, read_chain
from galeria.adapters.reach.listening import bound_sockets, ephemeral_ports, is_own_address, reserved_ports
from galeria.domain.errors import Invalid, Unavailable
from galeria.domain.reach.server_settings import LOOPBACK, ServerSettings, require_free_ports
from galeria.ports.machines import HostCheck

EXPIRES_SOON = timedelta(days=14)


class PublicName:
    """The checks of one installation's `[server]` settings. Whether a firewall elsewhere lets callers through is not seen."""

    def __init__(self, server: ServerSettings, data: Path) -> None:
        self._server = server
        self._data = data

    def checks(self) -> list[HostCheck]:
        """Return one result for each check; without a public name the one that says so."""
        if not self._server.name:
            return [
                _check(
                    "public name",
                    "none: labs are reached from this host only",
                    "Set 'name' under [server] in galeria.toml to a name that leads to this host",
                    ok=False,
                )
            ]
        certificate = [self._certificate()] if self._server.certificate else []
        return [self._name(), self._port(), self._machine_ports(), *certificate, self._firewall()]

    def _name(self) -> HostCheck:
        name, title = self._server.name, "public name"
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except OSError:
            cure = f"Have whoever keeps your domain add {name} with this host's address (an A or AAAA record)"
            return _check(title, f"{name} cannot be looked up", cure, ok=False)
        addresses = sorted({str(address[0]) for *_, address in found})
        shown = f"{name} is {', '.join(addresses)}"
        strange = [address for address in addresses if not is_own_address(address)]
        if strange:
            cure = (
                f"{', '.join(strange)} must be a router or proxy that passes the ports on to this host; otherwise have "
                "the name corrected"
            )
            return _check(title, f"{shown}: not an address of this host", cure, ok=False)
        if all(address.startswith("127.") or address == "::1" for address in addresses):
            cure = "Take the name out of /etc/hosts here, and look again"
            return _check(title, f"{shown} on this host, whatever others are told", cure, ok=False)
        return _check(title, f"{shown}, an address of this host", ok=True)

    def _port(self) -> HostCheck:
        title, server = "server's port", self._server
        where = f"{server.port} on {'every address' if server.address == '*' else server.address}"
        if is_locked(self._data / "serve.lock"):  # a server of this data directory runs
            return _check(title, f"{where}: this installation is served", ok=True)
        try:
            for listener in bound_sockets(server.address, server.port):
                listener.close()
        except Unavailable as error:
            cure = f"See what uses it (ss -ltnp 'sport = :{server.port}'), or set 'port' or 'listen' under [server]"
            return _check(title, error.message, cure, ok=False)
        if server.address == LOOPBACK:
            return _check(title, f"{where}: free; a proxy on this host must pass requests on to it", ok=True)
        return _check(title, f"{where}: free", ok=True)

    def _machine_ports(self) -> HostCheck:
        title, ports = "machines' ports", self._server.machine_ports
        try:
            require_free_ports(self._server, ephemeral_ports(), reserved=reserved_ports())
        except Invalid as error:
            return _check(title, error.message, error.hint, ok=False)
        return _check(title, f"{ports[0]} to {ports[-1]}, none of which the host gives to others", ok=True)

    def _certificate(self) -> HostCheck:
        title, path = "certificate", Path(self._server.certificate)
        try:
            CertificateFiles(path, Path(self._server.key))
        except Invalid as error:
            return _check(title, error.message, error.hint, ok=False)
        own = read_chain(path)[0]
        left = own.not_valid_after_utc - datetime.now(UTC)
        if not _is_for(own, self._server.name):
            return _check(title, f"{path} is not for {self._server.name}", "Get one for that name", ok=False)
        found = f"{path}, until {own.not_valid_after_utc:%Y-%m-%d}"
        return _check(title, found, "Renew it; it is read without a restart", ok=left > EXPIRES_SOON)

    def _firewall(self) -> HostCheck:
        server, ports = self._server, self._server.machine_ports
        pages = server.public_port or server.port
        found = f"must let in TCP {pages} for pages and API, and TCP {ports[0]} to {ports[-1]} for machines"
        return _check("firewall", found, ok=True)


def _check(name: str, found: str, cure: str = "", *, ok: bool) -> HostCheck:
    return HostCheck(name=name, ok=ok, required=False, found=found, cure="" if ok else cure)


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    """Return whether the certificate is for a host name, itself or by a wildcard for its first label (RFC 6125 §6.4.3)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    covered = {each.lower() for each in names.get_values_for_type(x509.DNSName)}
    return name in covered or f"*.{name.partition('.')[2]}" in covered
