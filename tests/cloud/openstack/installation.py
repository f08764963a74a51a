"""One installation with a region on this host and one in the cloud of the tests."""

import json

from tests.system.server_process import SOUTH, ServerProcess

CAMPUS = "campus"
PATIENCE = 900.0  # seconds for one operation: two starts under emulation are among them

SETTINGS = f"""
[[regions]]
name = "{SOUTH}"
display_name = "South"
geography = "brazil"

[[regions]]
name = "{CAMPUS}"
display_name = "Campus"
geography = "brazil"
engine = "openstack"
cloud = "{{cloud}}"
network = "campus"
clouds_file = "clouds.yaml"

[[sizes]]
name = "Tiny"
vcpus = 1
memory_mib = 256

[machines]
boot_seconds = 800
"""


def installation_of(server: ServerProcess) -> str:
    facts = (server.data / "private" / "identity" / "installation.json").read_text()
    return str(json.loads(facts)["installation"])
