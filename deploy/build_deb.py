"""Builds the Debian package from a wheel and from the environment that scripts/setup made: `build_deb.py WHEEL FOLDER`.

The libraries are copied as they are installed in this environment, where pip has checked them by the hashes of
requirements.lock. So the package is for this release's Python, and nothing is fetched. debhelper does the rest.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
DOCS = ("operate.md", "settings.md", "network.md", "secrets.md", "cli.md")
INTERPRETER = "/usr/bin/python3"
LAUNCHER = "#!/usr/lib/galeria/bin/python -I\nfrom galeria.bootstrap import cli\n\ncli()\n"


def main() -> int:
    """Build the package into the folder, and print its path."""
    wheel, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    if shutil.which("dh") is None:
        sys.stderr.write("debhelper is missing. Run: apt-get install debhelper\n")
        return 1
    if _release_of(INTERPRETER) != _own_release():
        theirs, ours = _release_of(INTERPRETER), _own_release()
        sys.stderr.write(
            f"{INTERPRETER} is {theirs} and this environment is {ours}: make it with PYTHON={INTERPRETER} scripts/setup\n"
        )
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "galeria"
        version = wheel.name.split("-")[1]
        shutil.copytree(HERE / "debian", tree / "debian")
        _describe(tree / "debian", version)
        _fill(tree / "root", wheel)
        made = subprocess.run(["debian/rules", "binary"], cwd=tree, capture_output=True, text=True, check=False)
        if made.returncode:
            sys.stderr.write(made.stdout + made.stderr)
            return 1
        (package,) = tree.parent.glob("*.deb")
        target = folder / package.name
        shutil.move(package, target)
    sys.stdout.write(f"{target}\n")
    return 0


def _describe(debian: Path, version: str) -> None:
    now = format_datetime(datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH") or _now()), UTC))
    said = f"galeria ({version}) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n"
    (debian / "changelog").write_text(f"{said} -- The makers of Galeria <galeria@localhost>  {now}\n", encoding="utf-8")
    shutil.copyfile(HERE.parent / "LICENSE", debian / "copyright")
    systemd = HERE / "systemd"
    shutil.copyfile(systemd / "galeria.service", debian / "galeria.service")
    shutil.copyfile(systemd / "galeria-appliance.service", debian / "galeria.galeria-appliance.service")
    major, minor = _own_release().split(".")
    depends = f"python3 (>= {major}.{minor}), python3 (<< {major}.{int(minor) + 1})"
    control = (debian / "control").read_text(encoding="utf-8")
    (debian / "control").write_text(control.replace("${python:Depends}", depends), encoding="utf-8")


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


def _fill(root: Path, wheel: Path) -> None:
    home = root / "usr/lib/galeria"
    subprocess.run([INTERPRETER, "-m", "venv", "--without-pip", "--symlinks", str(home)], check=True)
    for each in home.glob("bin/[aA]ctivate*"):
        each.unlink()
    config = (home / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    kept = [line for line in config if not line.startswith("command")]  # it names the folder of this build
    (home / "pyvenv.cfg").write_text("\n".join(kept) + "\n", encoding="utf-8")
    packages = home / "lib" / f"python{_own_release()}" / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    for library in _libraries(packages):
        _copy(library, packages)
    _write(root / "usr/bin/galeria", LAUNCHER, mode=0o755)
    # What is made once for this computer is no file of the package: see galeria-appliance.service.
    (home / "share").mkdir()
    (home / "share/galeria").symlink_to("/var/cache/galeria")
    (root / "var/cache/galeria").mkdir(parents=True)
    _write(root / "etc/galeria/galeria.toml", (HERE / "debian/galeria.toml").read_text(encoding="utf-8"))
    (root / "var/lib/galeria").mkdir(parents=True)
    (root / "var/lib/galeria/galeria.toml").symlink_to("/etc/galeria/galeria.toml")
    for name in DOCS:
        _write(root / "usr/share/doc/galeria" / name, (HERE.parent / "docs" / name).read_text(encoding="utf-8"))
    shutil.copytree(HERE / "monitoring", root / "usr/share/doc/galeria/monitoring")


def _write(path: Path, text: str, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def _libraries(packages: Path) -> list[Distribution]:
    """Return the installed distributions that the wheel needs, directly or not, by name."""
    (metadata,) = packages.glob("galeria-*.dist-info")
    waiting = list(Distribution.at(metadata).requires or ())
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()  # with the extras that one asks for and another does not
    while waiting:
        wanted = Requirement(waiting.pop())
        name = wanted.name.lower().replace("_", "-")
        new = {(name, extra) for extra in ("", *wanted.extras)} - seen
        if not new or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        seen |= new
        found[name] = installed = distribution(name)
        if not wanted.specifier.contains(installed.version, prereleases=True):
            raise SystemExit(f"{name} {installed.version} is installed, and {wanted} is needed. Run scripts/setup.")
        waiting += _with_extras(installed, wanted.extras)
    return [found[name] for name in sorted(found)]


def _with_extras(installed: Distribution, extras: set[str]) -> list[str]:
    """Return what a distribution needs, for the extras that were asked for too."""
    needed = []
    for text in installed.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            requirement.marker = None
            needed.append(str(requirement))
    return needed


def _copy(library: Distribution, packages: Path) -> None:
    for file in library.files or ():
        is_inside = not file.parts[0].startswith("..") and "__pycache__" not in file.parts
        source = Path(str(file.locate()))
        if is_inside and source.is_file():
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, packages / file)


def _own_release() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _release_of(interpreter: str) -> str:
    words = [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
