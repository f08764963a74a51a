"""Build and install the package as somebody does who has its sources and nothing of this checkout."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDOR = Path("src/galeria/interfaces/web/static/vendor")  # fetched by scripts/assets, and not in the repository


def tracked(*below: str) -> list[str]:
    """The files of the repository, new ones of this checkout too, as paths from its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *below]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def copy_sources(folder: Path, *, assets: bool = True) -> Path:
    """A fresh clone, after scripts/assets has run there or before."""
    for name in tracked():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    if assets:
        shutil.copytree(ROOT / VENDOR, folder / VENDOR)
    return folder


def build_wheel(sources: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    """With the setuptools of this environment: nothing is fetched."""
    command = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(target), str(sources)]
    return subprocess.run(
        [sys.executable, "-m", "pip", *command], capture_output=True, text=True, check=False, timeout=250
    )


def install(wheel: Path, folder: Path) -> Path:
    """A virtual environment with the wheel, and with this one's other packages. Returns its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    interpreter = folder / "bin" / "python"
    words = ["--python", str(interpreter), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, check=True)
    (packages,) = (folder / "lib").glob("python3*/site-packages")
    # Behind the environment's own folder, so that Galeria is that of the wheel.
    others = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "others.pth").write_text("\n".join(others) + "\n", encoding="utf-8")
    return interpreter


def loaded_from(interpreter: Path) -> Path:
    """The folder of the package that the interpreter finds."""
    words = [str(interpreter), "-I", "-c", "import galeria; print(galeria.__file__)"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()).parent
