"""Measure imports of disk files in the formats that people bring, from the arrived file to the published manifest."""

from bench import limits
from bench.regions import capture, regions
from bench.rows import Row, Spent, Task, at_most, best_of, mebibytes, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.store.region_store import RegionStore
from galeria.programs import run

SHARE = 1.5  # of the time that qemu-img and the limit take together
UPLOAD = "0" * 32
FORMATS: dict[str, tuple[str, list[str]]] = {
    "qcow2": ("qcow2", []),
    "a dynamic VHD": ("vpc", ["-o", "subformat=dynamic,force_size=on"]),
    "a streamOptimized VMDK": ("vmdk", ["-o", "subformat=streamOptimized"]),
}


def measure(task: Task) -> list[Row]:
    return [_row(task, name, *how) for name, how in FORMATS.items()]


def _row(task: Task, name: str, format: str, options: list[str]) -> Row:
    folder, raw = task.directory / "uploads", task.directory / "converted.raw"
    uploads = DirectoryUploads(folder, open_image)
    uploads.append(UPLOAD, 0, [b"\0"], limit=1)  # makes the file that is written over
    file = next(path for path in folder.rglob("*") if path.is_file())
    run(["qemu-img", "convert", "-f", "raw", "-O", format, *options, task.disk, file], timeout=1200)

    def ours() -> Spent:
        with regions(task.directory) as (store, _):
            return timed(lambda: _import(uploads, store))

    def convert() -> Spent:
        raw.unlink(missing_ok=True)
        return timed(lambda: run(["qemu-img", "convert", "-f", format, "-O", "raw", "-m", "16", "-W", file, raw]))

    def limit() -> Spent:
        with open_raw_file(task.disk) as source:
            return limits.store_all(source, task.directory / "limit")

    mine, peer, least = best_of(ours, convert, limit, rounds=task.rounds)
    uploads.remove(UPLOAD)
    raw.unlink()
    return Row(
        name=f"import of {name} with {mebibytes(task.data)} of data: time of qemu-img convert and the limit",
        ours=str(mine),
        peer=f"qemu-img convert to raw: {peer}",
        limit=str(least),
        ratio=mine.seconds / (peer.seconds + least.seconds),
        goal=at_most(SHARE),
    )


def _import(uploads: DirectoryUploads, store: RegionStore) -> None:
    with uploads.open(UPLOAD, uploads.inspect(UPLOAD)) as disk:
        capture(store, disk)
