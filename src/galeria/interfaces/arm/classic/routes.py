"""All routes of the API of 2018."""

from galeria.interfaces.arm.classic import accounts, environments, global_users, images, labs, settings, users
from galeria.interfaces.arm.protocol.routes import Route

ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES,
    *images.ROUTES,
    *labs.ROUTES,
    *settings.ROUTES,
    *environments.ROUTES,
    *users.ROUTES,
    *global_users.ROUTES,
)
