"""`galeria serve` on the edge of the world, and what a person asks it for."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from galeria.domain.errors import GaleriaError
from galeria.interfaces.client.connection import ServerConnection
from galeria.interfaces.client.credentials import ClientSecret
from galeria.interfaces.client.operations import OperationsClient, begun

ALLOWED = "inner.example"
API = {"api-version": "2024-03-02"}
START_SECONDS, WORK_SECONDS = 120.0, 60.0


class Product:
    """It ends with the namespaces. Disks may be fetched from ALLOWED in a private network, too."""

    def __init__(self, folder: Path) -> None:
        data = folder / "data"
        data.mkdir(parents=True)
        words = ["serve", "--fake", "--data", str(data), "--port", "0", "--allow-import-from", ALLOWED]
        with (folder / "server.log").open("ab") as log:
            server = subprocess.Popen([sys.executable, "-m", "galeria", *words], stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not (data / "connect.json").is_file():
            if server.poll() is not None or time.monotonic() > deadline:
                raise OSError((folder / "server.log").read_text(encoding="utf-8"))
            time.sleep(0.05)
        connect: dict[str, str] = json.loads((data / "connect.json").read_text(encoding="utf-8"))
        credentials = ClientSecret(client_id=connect["client_id"], client_secret=connect["client_secret"])
        self._connection = ServerConnection(
            connect["endpoint"], credentials, ca_file=Path(connect["ca_file"]), patient=True
        )
        self.port = connect["endpoint"].rpartition(":")[2]
        subscription = self._connection.get("/subscriptions", **{"api-version": "2022-12-01"})["value"][0]
        self._operations = OperationsClient(self._connection, subscription["subscriptionId"])
        self._group = f"{subscription['id']}/resourceGroups/galeria"

    def import_disk(self, name: str, url: str) -> dict[str, Any]:
        """Make a disk of the file at `url`, and wait for it."""
        place = f"{self._group}/providers/Microsoft.Compute/disks/{name}"
        body = {
            "location": "brazilsouth",
            "properties": {"creationData": {"createOption": "Import", "sourceUri": url}},
        }
        try:
            work = begun(self._connection.send("PUT", place, query=API, body=body))
            self._operations.wait(work, seconds=WORK_SECONDS)
        except GaleriaError as error:
            return {"error": type(error).__name__, "code": error.code, "text": str(error)}
        return {"state": self._connection.get(place, **API)["properties"]["provisioningState"]}
