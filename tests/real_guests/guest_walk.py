"""What people do with a disk that they bring: a lab, an export, a lab elsewhere, a new password, the disk made anew."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from galeria.interfaces.client.accounts import LABS_API
from galeria.interfaces.client.compute import NewDefinition
from galeria.interfaces.client.imports import FileImport, begin_import
from galeria.interfaces.client.labs import TEMPLATE, NewLab
from galeria.interfaces.client.operations import StartedWork, begun
from tests.real_guests.found import expect_found
from tests.real_guests.sign_in import GuestShell, Identity
from tests.real_guests.timeline import Timeline
from tests.real_guests.variants import NOTES, NOTES_CONTENT, PROF, PROF_PASSWORD, Variant
from tests.system.server_process import GALLERY, SOUTH, SOUTHEAST, ServerProcess

IMPORTED, FROM_RUNNING, FROM_STOPPED = "Brought", "Shaped-while-on", "Shaped-when-off"
LESSON, LESSON_CONTENT = "/home/ana/lesson.txt", "Lesson one"
# Two such machines may share two cores without KVM with whatever else runs on this computer.
WORK_SECONDS = 1500.0


@dataclass(frozen=True, kw_only=True)
class Credentials:
    user: str
    password: str


ANA = Credentials(user="ana", password="Course-Work-2026")
BIA = Credentials(user="bia", password="Other-Course-2027")
BIA_LATER = replace(BIA, password="Forgot-And-Set-2028")
BIA_ANEW = replace(BIA, password="Made-Anew-2029")


class GuestWalk:
    """One variant on one installation."""

    def __init__(self, server_process: ServerProcess, variant: Variant, timeline: Timeline, *, prof_key: Path) -> None:
        self._server, self._galeria = server_process, server_process.galeria
        self._variant, self._timeline, self._prof_key = variant, timeline, prof_key

    def bring(self, disk: Path) -> None:
        """The disk becomes an image, and Galeria says what is on it."""
        definition = NewDefinition(
            os_type="Linux",
            os_state="Specialized" if self._variant.is_specialized else "Generalized",
            generation=self._variant.generation,
            display_name=IMPORTED,
        )
        wanted = FileImport(gallery=GALLERY, name=IMPORTED, os_disk=disk, definition=definition)
        with self._timeline.step(f"import of a {disk.suffix[1:]}"):
            imported = begin_import(self._galeria, wanted, heard=lambda _: lambda done, total: None)
            self._wait(imported.begun)
        version = self._galeria.versions.get(GALLERY, imported.image, imported.version)
        expect_found(version["properties"]["galeria"]["found"], self._variant)

    def use_here(self) -> Identity:
        """The first lab: its person signs in and works."""
        self._make_lab("first", IMPORTED, ANA, region=SOUTH)
        self._start("first")
        shell = self._shell("first", ANA)
        with self._timeline.step("sign-in and work"):
            identity, (person, administrator, cards, *_) = shell.visit(
                "whoami", shell.as_root("whoami"), "ls /sys/class/net", f"echo '{LESSON_CONTENT}' >{LESSON} && sync"
            )
            assert (person, administrator) == (ANA.user, "root")
            assert not self._variant.card or self._variant.card in cards.split()
            self._expect_old_accounts_closed(shell)
            return identity

    def export(self) -> None:
        """While the machine runs, like a disk after a power cut, and once it is off, which leaves the processor to the next."""
        self._export("export while it runs", FROM_RUNNING)
        self._stop("first")
        self._export("export when stopped", FROM_STOPPED)

    def use_elsewhere(self, before: Identity) -> None:
        """The second lab, in the other region and with other credentials, has work and identity of the first."""
        exported = FROM_RUNNING if self._variant.from_running else FROM_STOPPED
        self._make_lab("second", exported, BIA, region=SOUTHEAST)
        self._start("second")
        shell = self._shell("second", BIA)
        with self._timeline.step("sign-in elsewhere"):
            assert shell.visit(shell.as_root(f"cat {LESSON}")) == (before, [LESSON_CONTENT])
            self._expect_old_accounts_closed(shell)
            assert self._shell("second", ANA).is_refused()

    def change_password(self) -> None:
        """While the machine runs where an agent can do it, else while it is off. It holds after the next start, too."""
        if self._variant.has_agent:
            self._set_password(BIA_LATER)
            self._stop("second")
        else:
            self._stop("second")
            self._set_password(BIA_LATER)
        self._start("second")
        with self._timeline.step("sign-in with it"):
            assert self._shell("second", BIA_LATER).run("whoami", "touch later && sync") == [BIA.user, ""]
            assert self._shell("second", BIA).is_refused()

    def make_anew(self) -> None:
        """The disk is that of the image again."""
        with self._timeline.step("reimage"):
            self._wait(self._post("second", "reimage"))
        if self._variant.has_agent:
            self._start("second")
            self._set_password(BIA_ANEW)
        else:
            self._set_password(BIA_ANEW)
            self._start("second")
        with self._timeline.step("sign-in anew"):
            shell = self._shell("second", BIA_ANEW)
            assert "later" not in shell.run("ls")[0].split()
            self._expect_old_accounts_closed(shell)

    def _set_password(self, credentials: Credentials) -> None:
        with self._timeline.step("new password"):
            self._wait(
                self._galeria.machines.reset_password("second", user=credentials.user, password=credentials.password)
            )

    def _export(self, what: str, name: str) -> None:
        with self._timeline.step(what):
            self._wait(self._galeria.exports.begin("first", name=name))

    def _make_lab(self, lab: str, image: str, credentials: Credentials, *, region: str) -> None:
        wanted = NewLab(
            image=self._server.image_id(image),
            user=credentials.user,
            password=credentials.password,
            region=region,
            size="Tiny",
        )
        with self._timeline.step(f"{lab} lab"):
            self._wait(self._galeria.labs.create(lab, wanted))

    def _start(self, lab: str) -> None:
        with self._timeline.step("start"):
            self._wait(self._galeria.machines.start(lab))

    def _stop(self, lab: str) -> None:
        with self._timeline.step("stop"):
            self._wait(self._galeria.machines.stop(lab))

    def _shell(self, lab: str, credentials: Credentials) -> GuestShell:
        machine: dict[str, Any] = self._galeria.machines.get(lab)
        host, _, port = str(machine["properties"]["connectionProfile"]["sshAuthority"]).rpartition(":")
        return GuestShell(host=host, port=int(port), user=credentials.user, password=credentials.password)

    def _expect_old_accounts_closed(self, shell: GuestShell) -> None:
        """Whoever worked on the disk before it was brought cannot sign in any more, and lost no file."""
        if not self._variant.is_specialized:
            return
        assert replace(shell, user=PROF, password=PROF_PASSWORD).is_refused(self._prof_key)
        assert shell.run(shell.as_root(f"cat {NOTES}")) == [NOTES_CONTENT]

    def _post(self, lab: str, verb: str) -> StartedWork:
        path = f"{self._galeria.names.machine(lab, TEMPLATE)}/{verb}"
        return begun(self._galeria.connection.send("POST", path, query={"api-version": LABS_API}))

    def _wait(self, work: StartedWork) -> None:
        self._galeria.wait(work, seconds=WORK_SECONDS)
