"""Portals where people sign in with another provider: the npm package oidc-provider, as a process of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.interfaces.web.provider.proxy import Proxy, proxying
from tests.interfaces.web.provider.running import RunningProvider, providing
from tests.interfaces.web.served import Portal, serving
from tests.prepared_installations import PreparedInstallations

START = "/sign-in/external?next=/me"
Open = Callable[..., Portal]


@pytest.fixture(scope="module")
def campus() -> Iterator[RunningProvider]:
    with providing() as provider:
        yield provider


@pytest.fixture(scope="module")
def running_proxy(campus: RunningProvider) -> Iterator[Proxy]:
    with proxying(campus) as proxy:
        yield proxy


@pytest.fixture
def proxy(running_proxy: Proxy) -> Proxy:
    """A proxy before the provider that changes nothing yet."""
    running_proxy.reset()
    return running_proxy


@pytest.fixture
def open_portal(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey, campus: RunningProvider
) -> Iterator[Open]:
    """A portal whose settings name the provider, or the proxy that is given, with more of these settings."""
    with ExitStack() as stack:

        def make(proxy: Proxy | None = None, **settings: object) -> Portal:
            openid = (proxy or campus).settings(**settings)
            portal = stack.enter_context(
                serving(tmp_path / "installation", prepared_installations, token_key, openid=openid)
            )
            _register(campus, portal, proxy)
            return portal

        yield make


@pytest.fixture(scope="module")
def standing_portals(
    tmp_path_factory: pytest.TempPathFactory,
    prepared_installations: PreparedInstallations,
    token_key: RSAPrivateKey,
    campus: RunningProvider,
) -> Iterator[Open]:
    with ExitStack() as stack:
        standing: dict[str, Portal] = {}

        def find(proxy: Proxy | None = None, **settings: object) -> Portal:
            openid = (proxy or campus).settings(**settings)
            if str(openid) not in standing:
                folder = tmp_path_factory.mktemp("standing") / "installation"
                standing[str(openid)] = stack.enter_context(
                    serving(folder, prepared_installations, token_key, openid=openid)
                )
            return standing[str(openid)]

        yield find


@pytest.fixture
def find_portal(standing_portals: Open, campus: RunningProvider) -> Open:
    """As `open_portal`, but the tests of a file share the portal of the same settings: they leave nothing there."""

    def find(proxy: Proxy | None = None, **settings: object) -> Portal:
        portal = standing_portals(proxy, **settings)
        _register(campus, portal, proxy)
        return portal

    return find


def _register(campus: RunningProvider, portal: Portal, proxy: Proxy | None) -> None:
    issuer = proxy.issuer if proxy else ""
    campus.control(endpoint=portal.services.endpoint, lie=False, unverified=[], claims={}, issuer=issuer)
