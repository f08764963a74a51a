"""Builds a guest image from the command line: `python -m galeria.guests OUT [--disk-mib N]`.

With `--appliance` it builds the appliance that looks into disks, for all programs of this Python environment.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from galeria.domain.errors import GaleriaError
from galeria.guests import build_guest, get_sources, missing_host_tools
from galeria.guests.appliance import install_appliance


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    It is 0 where the image was written, else 1 with the reason on standard error.
    """
    options = _parser().parse_args(arguments)
    missing = missing_host_tools()
    if missing:
        sys.stderr.write(f"Packages are missing. Run: apt-get install {' '.join(missing)}\n")
        return 1
    try:
        sources = get_sources(options.cache)
        if options.out is None:
            install_appliance(sources)
            return 0
        build_guest(
            options.out,
            sources=sources,
            root_mib=options.root_mib,
            fat_mib=options.fat_mib,
            disk_mib=options.disk_mib,
        )
    except GaleriaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    facts = options.out.stat()
    sys.stdout.write(f"{options.out}: {facts.st_size} bytes, {facts.st_blocks * 512} of them on disk\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m galeria.guests", description="Build a small bootable Linux disk.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("out", type=Path, nargs="?", help="the raw disk to write")
    what.add_argument("--appliance", action="store_true", help="build the appliance that looks into disks instead")
    parser.add_argument("--disk-mib", type=int, help="size of the whole disk in MiB; what is not needed is a hole")
    parser.add_argument("--root-mib", type=int, default=96, help="size of the root partition in MiB (default 96)")
    parser.add_argument("--fat-mib", type=int, default=48, help="size of the boot partition in MiB (default 48)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path.home() / ".cache" / "galeria" / "guests",
        help="where packages are kept (default ~/.cache/galeria/guests)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
