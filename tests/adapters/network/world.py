"""The world, as a program in namespaces of its own: it teaches its servers what a test says, and lets Galeria act.

python -m tests.adapters.network.world FOLDER. Each line of its input is a scene, each of its output what happened, in JSON.
The folder gets the certificate of its web servers and its authority.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from galeria.adapters.identity.keys import ensure_installation
from galeria.adapters.system import SystemClock
from tests.adapters.network.names import NameServer
from tests.adapters.network.namespaces import become_the_world, give_cable
from tests.adapters.network.web import Web, tell

NAMES = ("files.example", "other.example", "login.example", "keys.example")
"""For which the web servers have a certificate."""


def main() -> None:
    folder = Path(sys.argv[1])
    files = ensure_installation(folder, clock=SystemClock(), names=NAMES)
    become_the_world()
    # In the name and mount namespaces of this process, but with a network of its own.
    command = ["unshare", "--net", "--mount", sys.executable, "-m", "tests.adapters.network.edge", str(folder)]
    environment = {**os.environ, "SSL_CERT_FILE": str(files.ca), "http_proxy": "http://10.0.0.9:8080"}
    environment |= {
        name: environment["http_proxy"] for name in ("HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY")
    }
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as edge:
        assert edge.stdin
        assert edge.stdout
        edge.stdout.readline()  # it is in its namespace
        give_cable(edge.pid)
        names, web = NameServer(), Web(files.certificate, files.certificate_key)
        for line in sys.stdin:
            scene: dict[str, Any] = json.loads(line)
            names.teach(scene["names"])
            web.teach(scene["pages"])
            edge.stdin.write(json.dumps(scene["deed"]) + "\n")
            edge.stdin.flush()
            outcome = edge.stdout.readline()
            if not outcome:
                return
            tell({**json.loads(outcome), "asked": web.asked})
        edge.stdin.close()


if __name__ == "__main__":
    main()
