"""A PostgreSQL server of the tests' own, in a folder of its own."""

import getpass
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa


@contextmanager
def postgresql_server(listen: str = "") -> Iterator[str]:
    """Yield the address of its first database. Its locale ignores '/' when it sorts, as most people's do.

    Without an address at which it is to `listen`, it is reached by a socket in its folder only.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert programs, "PostgreSQL's server is missing: apt-get install postgresql, or scripts/setup test"
    folder = programs[-1].parent
    # The server refuses to be root.
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    prefix = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
    place = Path(tempfile.mkdtemp(prefix="galeria-pg-", dir="/tmp"))
    shutil.chown(place, user)

    def run(program: str, *arguments: str) -> None:
        command = [*prefix, str(folder / program), "-D", str(place / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60)

    try:
        run("initdb", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale-provider=icu", "--icu-locale=en-US")
        if listen:
            with (place / "data" / "pg_hba.conf").open("a") as access:
                access.write(f"host all all {listen}/24 trust\n")
        options = f"-c listen_addresses='{listen}' -c fsync=off -k {place}"
        run("pg_ctl", "-w", "-l", str(place / "log"), "-o", options, "start")
        try:
            yield f"postgresql://{user}@/postgres?host={listen or place}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place)


def created_database(server_url: str, *, like: str) -> str:
    """Return the address of a new database, a copy of another one."""
    name = f"t{uuid.uuid4().hex}"
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {like}")
    server.dispose()
    return server_url.replace("/postgres?", f"/{name}?")
