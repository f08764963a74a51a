"""The settings that an administrator chooses for the whole installation."""

from dataclasses import dataclass, field

from galeria.domain.disk_margin import DiskMargin
from galeria.domain.images.background import BackgroundLimits
from galeria.domain.labs.guest_network import NetworkSettings
from galeria.domain.labs.machine_accounts import AccountSettings
from galeria.domain.labs.sizes import SIZES, Size
from galeria.domain.labs.start_queue import StartLimits
from galeria.domain.limits import Limits
from galeria.domain.people.external_provider import ExternalProvider
from galeria.domain.people.mail import MailSettings
from galeria.domain.prices import Prices
from galeria.domain.reach.server_settings import ServerSettings
from galeria.domain.regions import Region, Regions
from galeria.domain.request_rates import RequestRates
from galeria.domain.serving.settings import LogSettings, MonitoringSettings

DEFAULT_REGIONS = Regions(
    (
        Region(name="brazilsouth", display_name="Brazil South", geography="brazil"),
        Region(name="brazilsoutheast", display_name="Brazil Southeast", geography="brazil"),
        Region(name="westeurope", display_name="West Europe", geography="europe"),
        Region(name="northeurope", display_name="North Europe", geography="europe"),
    )
)


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Where the state is kept: without an address in a file of the data directory, for this computer only."""

    url: str = field(default="", repr=False)  # postgresql://USER[:PASSWORD]@HOST/NAME

    @property
    def is_shared(self) -> bool:
        """Whether processes on several computers may work on it at once."""
        return bool(self.url)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The installation's settings, with the values that hold where the settings file says nothing."""

    regions: Regions = DEFAULT_REGIONS
    sizes: tuple[Size, ...] = SIZES
    prices: Prices = field(default_factory=Prices)
    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = field(default_factory=ServerSettings)
    # On the loopback: below the ports of outgoing connections, which begin at 32768, and apart from the public ones.
    first_ssh_port: int = 16384
    last_ssh_port: int = 32767
    boot_seconds: float = 300  # how long a machine may take until it can be used; software emulation is slow
    stop_seconds: float = 60  # how long a clean shutdown may take before power is cut
    starts: StartLimits = field(default_factory=StartLimits)  # of machines
    network: NetworkSettings = field(default_factory=NetworkSettings)  # of machines
    accounts: AccountSettings = field(default_factory=AccountSettings)  # of machines' processes on the host
    request_rates: RequestRates = field(default_factory=RequestRates)
    disk_margin: DiskMargin = field(default_factory=DiskMargin)  # stays free on every disk below the data directory
    background: BackgroundLimits = field(default_factory=BackgroundLimits)  # of work that nobody waits for
    limits: Limits = field(default_factory=Limits)
    logs: LogSettings = field(default_factory=LogSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    mail: MailSettings | None = None  # the server that takes mails; None: none are sent
    openid: ExternalProvider | None = None  # an OpenID Connect provider besides local passwords
    uploads_per_person: int = 50  # that are not removed and not older than a week, finished ones included
    upload_gib_per_person: int = 8192  # announced by all of them together
    uploads_in_all: int = 2_000  # of everybody
    upload_gib_in_all: int = 65_536
    uploads_at_once_per_person: int = 4  # that are being received at the same moment
    uploads_at_once: int = 32
    upload_least_kib_per_second: int = 4  # whoever sends less makes room for others; 0: nobody does
    hosts: tuple[str, ...] = ()  # names besides the server's own under which people reach it, such as a proxy's
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-For and -Proto are believed
    audit_copy: str = ""  # path of the activity log's copy; empty: in the data directory, beside the database
    import_hosts: frozenset[str] = frozenset()  # hosts besides public addresses that files may be fetched from
