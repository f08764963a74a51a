"""Search files for secrets, byte by byte, in every form that programs give to texts, in packed files and databases too."""

import base64
import html
import json
import os
import sqlite3
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import zstandard

LARGEST_PACKED = 64 << 20  # bytes of a file that is looked into for packed content
SMALL = 1 << 20  # bytes: a file up to here is read whole, holes included
SHORTEST = 8  # characters: shorter texts are found everywhere by chance
_READER = """import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], uri=True, isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
print("reading", flush=True)
sys.stdin.read()
"""
_GZIP, _ZSTANDARD, _SQLITE = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"SQLite format 3\0"


@dataclass(frozen=True, kw_only=True, order=True)
class Hit:
    """A secret, by its name, in a file; `place` has the file's path, and behind '!' the part of it that was unpacked."""

    secret: str
    place: str
    form: str

    @property
    def file(self) -> str:
        return self.place.partition("!")[0]


def forms(secret: str) -> dict[bytes, str]:
    """Every way to write the secret → its name. Base64 has three, after the place where the secret begins in the whole."""
    raw = secret.encode()
    found = {
        "url": quote(secret, safe="").encode(),
        "form": quote_plus(secret).encode(),
        "percent": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "json": json.dumps(secret)[1:-1].encode(),
        "html": html.escape(secret).encode(),
        "utf-16-le": secret.encode("utf-16-le"),
        "utf-16-be": secret.encode("utf-16-be"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
    }
    for before in range(3):
        inner = _inside(base64.b64encode(bytes(before) + raw), before, len(raw))
        found |= {f"base64+{before}": inner, f"base64url+{before}": inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return {text: name for name, text in found.items()} | {raw: "raw"}


def _inside(encoded: bytes, before: int, length: int) -> bytes:
    """The digits that depend on the secret alone, and not on what stands before and behind it."""
    first = -(-before * 8 // 6)
    return encoded[first : (before + length) * 8 // 6]


def search(secrets: Mapping[str, str], places: Iterable[Path], scratch: Path) -> list[Hit]:
    """Every hit in the files below `places`, sorted. `secrets` maps names to texts; `scratch` is an empty folder."""
    needles: dict[bytes, tuple[str, str]] = {}
    for name, secret in secrets.items():
        assert len(secret) >= SHORTEST, f"{name} is too short to be searched for"
        needles |= {text: (name, form) for text, form in forms(secret).items()}
    files = sorted({file for place in places for file in _files(place)})
    unpacked = {str(scratch / str(number)): place for number, place in enumerate(_unpacked(files, scratch))}
    hits = _matches(needles, [*(str(file) for file in files if not _is_sparse(file)), *unpacked])
    return sorted({Hit(secret=name, place=unpacked.get(file, file), form=form) for file, (name, form) in hits})


def search_texts(secrets: Mapping[str, str], texts: Mapping[str, bytes], scratch: Path) -> list[Hit]:
    """The hits in texts that are in no file, by their names."""
    folder = scratch / "texts"
    folder.mkdir()
    names = {}
    for number, (name, text) in enumerate(texts.items()):
        (folder / str(number)).write_bytes(text)
        names[str(folder / str(number))] = name
    (scratch / "unpacked").mkdir()
    found = search(secrets, [folder], scratch / "unpacked")
    return sorted(Hit(secret=each.secret, place=names[each.file], form=each.form) for each in found)


@contextmanager
def keeping_log(database: Path) -> Iterator[None]:
    """Meanwhile the write-ahead log of an SQLite database keeps what is soon deleted: somebody reads the database.

    It is read by a process of its own. Locks of files (fcntl(2), F_SETLK) belong to a process and end when it closes any
    descriptor of the file: whoever reads the database and searches its files loses the lock that the log is kept by.
    """
    command = [sys.executable, "-c", _READER, f"file:{quote(str(database))}?mode=ro"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"reading\n"
        try:
            yield
        finally:
            reader.communicate()
    assert reader.returncode == 0


def _files(place: Path) -> Iterator[Path]:
    """Regular files only: a socket or a pipe would wait for somebody."""
    if place.is_dir() and not place.is_symlink():
        for folder, _, names in os.walk(place):
            yield from filter(_is_regular, (Path(folder) / name for name in names))
    elif _is_regular(place):
        yield place


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:  # it went in between
        return False


def _is_sparse(file: Path) -> bool:
    try:
        facts = file.stat()
    except FileNotFoundError:
        return True  # there is nothing to read
    return facts.st_size > SMALL and facts.st_blocks * 512 < facts.st_size // 2


def _unpacked(files: list[Path], scratch: Path) -> Iterator[str]:
    """Write each packed part of the files into `scratch`, under a number that counts from 0; yield where it came from."""
    number = 0
    for file in files:
        for part, text in _content_parts(file):
            (scratch / str(number)).write_bytes(text)
            number += 1
            yield f"{file}!{part}"


def _content_parts(file: Path) -> Iterator[tuple[str, bytes]]:
    try:
        if _is_sparse(file):
            yield from _written_parts(file)
        elif file.stat().st_size <= LARGEST_PACKED:
            yield from _parts(file, file.read_bytes())
    except FileNotFoundError:  # it went in between
        return


def _written_parts(file: Path) -> Iterator[tuple[str, bytes]]:
    """What was written into a sparse file, without its holes (lseek(2), SEEK_DATA)."""
    with file.open("rb") as opened:
        end, size = 0, file.stat().st_size
        while end < size:
            try:
                start = os.lseek(opened.fileno(), end, os.SEEK_DATA)
            except OSError:  # nothing but a hole is left
                return
            end = os.lseek(opened.fileno(), start, os.SEEK_HOLE)
            yield f"written@{start}", os.pread(opened.fileno(), end - start, start)


def _parts(file: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(_SQLITE):
        yield "rows", _rows(file)
    if content[:1] == b"\x78":
        yield from _attempt("zlib", 0, content, lambda packed: zlib.decompressobj().decompress(packed))
    for start in _places(content, _GZIP):
        yield from _attempt("gzip", start, content, _gunzip)
    for start in _places(content, _ZSTANDARD):
        yield from _attempt(
            "zstd", start, content, lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        )


def _attempt(
    kind: str, start: int, content: bytes, unpack: Callable[[memoryview], bytes]
) -> Iterator[tuple[str, bytes]]:
    try:
        text = unpack(memoryview(content)[start:])
    except (zlib.error, zstandard.ZstdError):  # the bytes only looked like it
        return
    yield f"{kind}@{start}", text


def _gunzip(packed: memoryview) -> bytes:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(packed)


def _places(content: bytes, magic: bytes) -> Iterator[int]:
    start = content.find(magic)
    while start >= 0:
        yield start
        start = content.find(magic, start + 1)


def _rows(file: Path) -> bytes:
    """All values of a database as SQLite reads them: long ones are cut into several pages of the file."""
    texts = []
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                texts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(texts)


def _matches(needles: Mapping[bytes, tuple[str, str]], files: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """grep looks for all of them at once. The needles reach it by its input only, and stand in no process list."""
    if not files:
        return
    command = ["grep", "--text", "--fixed-strings", "--only-matching", "--with-filename", "--null", "--file=-", "--"]
    environment = {**os.environ, "LC_ALL": "C"}
    patterns = b"\n".join(needles) + b"\n"
    for first in range(0, len(files), 500):
        done = subprocess.run(
            [*command, *files[first : first + 500]], input=patterns, capture_output=True, env=environment, check=False
        )
        assert done.returncode in (0, 1, 2), done.stderr
        yield from _read(done.stdout, needles)


def _read(output: bytes, needles: Mapping[bytes, tuple[str, str]]) -> Iterator[tuple[str, tuple[str, str]]]:
    for line in output.split(b"\n"):
        file, _, text = line.partition(b"\0")
        if text in needles:
            yield os.fsdecode(file), needles[text]
