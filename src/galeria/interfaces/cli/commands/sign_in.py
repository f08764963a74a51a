"""galeria login, logout, whoami."""

import sys

import typer

from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.command import remote
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.table import facts
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import Password
from galeria.interfaces.client.local_files import KeptSession, SessionFile, config_folder


def add_signin_commands(app: typer.Typer) -> None:
    @remote(app, "login")
    def login(context: CliContext) -> None:
        """Sign in with name and password, and stay signed in. Kept are tokens, for you alone, never the password."""
        endpoint, ca_file = context.finder.place_of_login(context.wanted)
        user = context.options.sign_in_as or context.environment.get("GALERIA_USER") or _ask_name()
        password = context.ask_for_password(user)
        with ServerConnection(endpoint, Password(user=user, password=password), ca_file=ca_file) as connection:
            token = connection.sign_in()
            session = KeptSession(endpoint=connection.endpoint, ca_file=ca_file, user=user, token=token)
        SessionFile(config_folder(context.environment)).keep(session)
        context.done({"endpoint": session.endpoint, "user": user}, f"'{user}' is signed in at {session.endpoint}.")

    @remote(app, "logout")
    def logout(context: CliContext) -> None:
        """Forget the sign-in that 'galeria login' kept."""
        had = SessionFile(config_folder(context.environment)).forget()
        context.done({"wasSignedIn": had}, "Signed out." if had else "You were not signed in.")

    @remote(app, "whoami")
    def whoami(context: CliContext) -> None:
        """Which server the commands talk to, as whom, and why."""
        found = context.found()
        with context.galeria() as galeria:
            galeria.connection.sign_in()
            subscription = galeria.names.subscription
        value = {
            "endpoint": found.endpoint,
            "name": found.who,
            "subscription": subscription,
            "foundIn": found.origin,
        }
        labels = [("Server", "endpoint"), ("Signed in as", "name"), ("Subscription", "subscription")]
        rows = [(label, value[key]) for label, key in labels]
        context.show(value, lambda: facts([*rows, ("Found in", found.origin)]))


def _ask_name() -> str:
    if not sys.stdin.isatty():
        raise Unauthenticated(Message("The name to sign in with is missing."), hint=Message("Give it with --user."))
    answer: str = typer.prompt("Name", err=True)
    return answer
