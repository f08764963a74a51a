"""The activity log is chained and copied; what is changed, cut off or restored shows, in a real database and a real file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from galeria.actions.core.audit_verification import MOST_BREAKS, verify_audit
from galeria.actions.core.groups import put_group
from galeria.adapters.files.audit_copy import FileAuditCopy
from galeria.domain.audit import AuditEvent, AuditHead, AuditSearch, AuditVerified, read_head
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.reconcilers.audit_chain import COPY, RESTORE, keep_audit_chain
from tests.local_installation import SUBSCRIPTION, LocalInstallation

WHOLE = f"/subscriptions/{SUBSCRIPTION}"


@pytest.fixture
def copy(installation: LocalInstallation) -> FileAuditCopy:
    return FileAuditCopy(path=installation.folder / "activity.jsonl")


def do_something(installation: LocalInstallation, *names: str) -> None:
    for name in names:
        with installation.request() as request:
            put_group(request, ResourceId(SUBSCRIPTION, name), location="brazilsouth", tags={})
            request.uow.commit()


def verify(installation: LocalInstallation, copy: FileAuditCopy, *noted: AuditHead) -> AuditVerified:
    with installation.requests.anonymous_reading() as request:
        return verify_audit(request, copy, noted)


def broken(installation: LocalInstallation, copy: FileAuditCopy, *noted: AuditHead) -> dict[int, str]:
    return {each.number: each.reason for each in verify(installation, copy, *noted).breaks}


def database_file(installation: LocalInstallation) -> Path:
    (found,) = installation.folder.rglob("*.db")
    return found


def tamper(installation: LocalInstallation, statement: str, *values: Any) -> None:
    """As somebody does who reaches the database's file."""
    with closing(sqlite3.connect(database_file(installation))) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


def events(installation: LocalInstallation, action: str) -> list[tuple[str, str]]:
    with installation.context.database(reading=True) as uow:
        found = uow.audit.search([WHOLE], AuditSearch(action=action), offset=0, limit=100)
    return [(each.status, each.detail) for each in found]


@pytest.fixture
def chained(installation: LocalInstallation, copy: FileAuditCopy) -> AuditHead:
    do_something(installation, "one", "two", "three")
    keep_audit_chain(installation.context, copy)
    head = verify(installation, copy).head
    assert head.number >= 3
    return head


def test_entries_are_chained_once_and_copied(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead
) -> None:
    before = copy.path.read_bytes()
    keep_audit_chain(installation.context, copy)
    assert copy.path.read_bytes() == before
    assert copy.path.stat().st_mode & 0o777 == 0o600
    do_something(installation, "four")
    waiting = verify(installation, copy)
    assert (waiting.waiting, waiting.breaks, waiting.head) == (1, (), chained)
    keep_audit_chain(installation.context, copy)
    after = verify(installation, copy, chained)
    assert (after.entries, after.waiting, after.copied) == (chained.number + 1, 0, chained.number + 1)
    assert after.breaks == ()
    assert copy.path.read_bytes().startswith(before)


class UnreadCopy(FileAuditCopy):
    """One whose entries nobody may read: a year's fill hundreds of megabytes, and the round comes every second."""

    def entries(self, *, after: int = 0) -> Iterator[AuditEvent]:
        raise AssertionError(f"the copy was read from entry {after} on")


def test_a_round_reads_no_more_of_the_copy_than_its_end(installation: LocalInstallation, chained: AuditHead) -> None:
    copy = UnreadCopy(path=installation.folder / "activity.jsonl")
    keep_audit_chain(installation.context, copy)
    do_something(installation, "four")
    keep_audit_chain(installation.context, copy)
    head = copy.head()
    assert head is not None
    assert head.number == chained.number + 1


@pytest.mark.parametrize(
    "column", ["action", "scope", "principal_id", "principal_name", "status", "detail", "address", "at"]
)
def test_a_changed_entry_is_found_by_its_number(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead, column: str
) -> None:
    tamper(installation, f"UPDATE audit_events SET {column} = '2020-01-01 00:00:00.000000' WHERE number = 2")
    assert broken(installation, copy) == {2: "Entry 2 or the one before it was changed."}


def test_a_removed_entry_is_found(installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead) -> None:
    tamper(installation, "DELETE FROM audit_events WHERE number = 2")
    assert broken(installation, copy) == {2: "Entry 2 is missing."}


def test_a_forged_chain_differs_from_the_copy_and_from_what_was_noted(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead
) -> None:
    """Whoever knows the rule makes all later hashes anew; the copy and a noted link still tell."""
    tamper(installation, "UPDATE audit_events SET principal_name = 'somebody else' WHERE number = 2")
    tamper(installation, "UPDATE audit_events SET number = NULL, hash = '' WHERE number >= 2")
    keep_audit_chain(installation.context, FileAuditCopy(path=copy.path.with_suffix(".none")))
    assert set(broken(installation, copy)) == set(range(2, chained.number + 1))
    no_copy = FileAuditCopy(path=copy.path.with_suffix(".missing"))
    assert broken(installation, no_copy) == {}
    assert broken(installation, no_copy, chained) == {
        chained.number: f"Entry {chained.number} is not the one that was noted."
    }


def test_entries_cut_off_the_end_are_found_and_then_taken_back(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead
) -> None:
    """A restored backup of the database looks the same: it lacks the last entries."""
    tamper(installation, "DELETE FROM audit_events WHERE number >= ?", chained.number - 1)
    first = chained.number - 1
    assert broken(installation, copy) == {first: f"The entries {first} to {chained.number} are missing."}
    keep_audit_chain(installation.context, copy)
    told = f"the entries {first} to {chained.number}, which the database lacked"
    assert events(installation, RESTORE) == [("Succeeded", told)]
    after = verify(installation, copy, chained)
    assert (after.breaks, after.entries) == ((), chained.number + 1)


def test_a_backup_made_before_its_last_entries_were_chained_gets_their_places(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead
) -> None:
    tamper(installation, "UPDATE audit_events SET number = NULL, hash = '' WHERE number = ?", chained.number)
    do_something(installation, "after")
    keep_audit_chain(installation.context, copy)
    assert verify(installation, copy, chained).breaks == ()
    assert len(events(installation, RESTORE)) == 1


def scopes(installation: LocalInstallation) -> set[str]:
    with installation.context.database(reading=True) as uow:
        return {
            each.scope.rpartition("/")[2] for each in uow.audit.search([WHOLE], AuditSearch(), offset=0, limit=1000)
        }


def backed_up(installation: LocalInstallation, to: Path) -> None:
    with closing(sqlite3.connect(database_file(installation))) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def restored(installation: LocalInstallation, kept: Path) -> None:
    with closing(sqlite3.connect(kept)) as source, closing(sqlite3.connect(database_file(installation))) as target:
        source.backup(target)


def test_the_log_is_kept_over_a_restore_of_the_database(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead, tmp_path: Path
) -> None:
    """Also where something is done after the restore before the chain is looked at."""
    backed_up(installation, tmp_path / "kept.db")
    do_something(installation, "lost-one", "lost-two")
    keep_audit_chain(installation.context, copy)
    noted = verify(installation, copy).head
    restored(installation, tmp_path / "kept.db")
    assert not {"lost-one", "lost-two"} & scopes(installation)
    do_something(installation, "afterwards")
    keep_audit_chain(installation.context, copy)
    after = verify(installation, copy, chained, noted)
    assert after.breaks == ()
    assert {"one", "lost-one", "lost-two", "afterwards"} <= scopes(installation)
    assert events(installation, RESTORE)[0][0] == "Succeeded"
    keep_audit_chain(installation.context, copy)
    assert verify(installation, copy, chained, noted).waiting == 0


def test_a_restore_of_database_and_copy_shows_by_a_noted_link(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead, tmp_path: Path
) -> None:
    """As of a whole data directory: only a link that was noted elsewhere tells what is gone."""
    backed_up(installation, tmp_path / "kept.db")
    content = copy.path.read_bytes()
    do_something(installation, "lost")
    keep_audit_chain(installation.context, copy)
    noted = verify(installation, copy).head
    restored(installation, tmp_path / "kept.db")
    copy.path.write_bytes(content)
    assert verify(installation, copy, chained).breaks == ()
    assert set(broken(installation, copy, noted)) == {noted.number}


def test_a_missing_copy_is_written_anew_and_told(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead
) -> None:
    copy.path.unlink()
    keep_audit_chain(installation.context, copy)
    keep_audit_chain(installation.context, copy)
    assert events(installation, COPY) == [("Failed", "The copy of the activity log was missing; it was written anew.")]
    assert verify(installation, copy, chained).copied == chained.number + 1


def test_a_copy_that_differs_is_kept_and_told_once(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead
) -> None:
    tamper(installation, "UPDATE audit_events SET hash = ? WHERE number = ?", "f" * 64, chained.number)
    before = copy.path.read_bytes()
    for _ in range(2):
        do_something(installation, "more")
        keep_audit_chain(installation.context, copy)
    assert copy.path.read_bytes() == before
    assert [status for status, _ in events(installation, COPY)] == ["Failed"]
    assert min(broken(installation, copy)) == chained.number
    copy.path.rename(copy.path.with_suffix(".kept"))
    keep_audit_chain(installation.context, copy)
    assert [status for status, _ in events(installation, COPY)] == ["Failed", "Failed"]


@pytest.mark.parametrize("cut", [1, 20, 70_000])
def test_a_line_that_a_crash_cut_is_written_again(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead, cut: int
) -> None:
    if cut > 1000:
        with installation.request() as request:
            request.audit("x/write", "/" + "long" * cut)
            request.uow.commit()
        keep_audit_chain(installation.context, copy)
    whole = copy.path.read_bytes()
    copy.path.write_bytes(whole[:-cut])
    assert verify(installation, copy).breaks == ()
    keep_audit_chain(installation.context, copy)
    assert copy.path.read_bytes() == whole


@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b"{}\n", b'{"number": 2}\n', b"\xff\xfe\n", b"\n"])
def test_a_spoiled_copy_is_told_with_its_place(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead, line: bytes
) -> None:
    lines = copy.path.read_bytes().splitlines(keepends=True)
    copy.path.write_bytes(b"".join([lines[0], line, *lines[2:]]))
    assert broken(installation, copy) == {2: f"A line of the activity log's copy in {copy.path} cannot be read."}
    copy.path.write_bytes(b"".join([lines[0], lines[1].replace(b"Succeeded", b"Failed"), *lines[2:]]))
    assert broken(installation, copy) == {2: "In the copy: Entry 2 or the one before it was changed."}


def test_no_more_breaks_are_told_than_somebody_reads(
    installation: LocalInstallation, copy: FileAuditCopy, chained: AuditHead
) -> None:
    do_something(installation, *(f"group-{number}" for number in range(30)))
    keep_audit_chain(installation.context, copy)
    tamper(installation, "UPDATE audit_events SET action = 'other'")
    assert len(broken(installation, copy)) == MOST_BREAKS


def test_a_link_is_read_as_it_was_printed(chained: AuditHead) -> None:
    assert read_head(f" {chained} ") == chained
    for text in ("", "7", "7:", f"x:{'0' * 64}", f"7:{'0' * 63}", f"-1:{'0' * 64}", f"\u0667:{'0' * 64}"):
        with pytest.raises(Invalid, match="is no link"):
            read_head(text)
