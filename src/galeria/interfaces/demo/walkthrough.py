"""The demonstration from import to clean-up, in six acts, through the REST API, SSH and the size of the stores."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.table import Table

from galeria.domain.errors import GaleriaError
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.progress import ProgressFollower
from galeria.interfaces.cli.kit.wording import size
from galeria.interfaces.client.compute import NewDefinition
from galeria.interfaces.client.connection import Json
from galeria.interfaces.client.imports import FileImport, begin_import
from galeria.interfaces.client.labs import NewLab
from galeria.interfaces.demo.people import DemoPerson, DemoServer, administrator, person
from galeria.interfaces.demo.report import DemoReport, ReportEntry

GALLERY = "campus"
IMAGE = "Álgebra linear 1"
SOUTH, SOUTHEAST = "brazilsouth", "brazilsoutheast"
MEASURED_SECONDS = 120.0  # within which the server has measured what is stored
# What the educator installs: half of it changes before the second export.
NOTES, BOOK = "/home/ana/notes.bin", "/home/ana/book.bin"


class DemoFailure(GaleriaError):
    """The demonstration found that the product did not do what it should."""

    code = "DemoFailed"


class Walkthrough:
    def __init__(self, server: DemoServer, report: DemoReport) -> None:
        self._server, self._report = server, report
        self._admin = administrator(server)
        self._ana_password, self._bia_password = _password(), _password()

    def run(self) -> None:
        self.import_images()
        ana, bia = self._educators()
        self.shape_a_template(ana)
        self.export_it(ana)
        identity = self.use_it_elsewhere(ana, bia)
        self.export_again(ana)
        self.clean_up(bia, identity)
        self.leave(ana, bia)

    def import_images(self) -> None:
        self._report.act("1 · The administrator imports images from outside any lab")
        admin, files = self._admin, self._server.files
        with self._report.step(admin.name, f"creates the gallery '{GALLERY}'"):
            admin.galeria.wait(admin.galeria.galleries.put(GALLERY, region=SOUTH, description="For every lab"))
        self._import("Small Linux", files.qcow2, generation="V1")
        self._import("Small Linux from Azure", files.vhd, generation="V1")
        self._import("Linux with 130 GB", files.too_large, generation="V1")
        self._import("Linux with a data disk", files.qcow2, files.data_disk, generation="V2")
        with self._report.step(admin.name, "attaches the gallery to the lab account and looks at its images") as entry:
            admin.galeria.accounts.attach(GALLERY)
            images = admin.galeria.images.list(region=SOUTH)
            self._report.show(_images_table(images))
            usable = [each for each in images if each["properties"]["galeria"]["usable"]]
            entry.note = f"{len(usable)} usable, {len(images) - len(usable)} not, each with reason and remedy"
            _expect(len(usable) == 2 and len(images) == 4, "two images can be used and two cannot")

    def shape_a_template(self, ana: DemoPerson) -> None:
        self._report.act("2 · Ana, an educator, makes a lab and shapes its template")
        self._make_lab(ana, "algebra", self._image_id("Small Linux"), region=SOUTH, user="ana")
        self._start(ana, "algebra")
        with self._report.step(ana.name, "connects over SSH and installs her course") as entry:
            shell = ana.shell("algebra", user="ana", password=self._ana_password)
            for file in (NOTES, BOOK):
                shell.run(f"dd if=/dev/urandom of={file} bs=1M count=12 2>/dev/null && sync")
            shell.run("echo 'Lesson one' > /home/ana/lesson.txt && sync")
            entry.note = shell.run("whoami") + "@" + shell.run("hostname")

    def export_it(self, ana: DemoPerson) -> None:
        self._report.act("3 · Ana exports the template to the gallery, while it runs")
        version = self._export(ana, "algebra")
        regions = {each["region"]: each["state"] for each in version["properties"]["galeria"]["replicas"]}
        _expect(regions == {SOUTH: "Completed", SOUTHEAST: "Completed"}, "every region of the geography is complete")

    def use_it_elsewhere(self, ana: DemoPerson, bia: DemoPerson) -> str:
        """Make a lab in another region from the export, and return the machine's identity."""
        self._report.act("4 · Bia, in another region, makes a lab from it without Ana's password")
        self._make_lab(bia, "geometry", self._image_id(IMAGE), region=SOUTHEAST, user="bia")
        self._start(bia, "geometry")
        with self._report.step(bia.name, "connects with her own credentials and looks around") as entry:
            shell = bia.shell("geometry", user="bia", password=self._bia_password)
            _expect(shell.run("sudo cat /home/ana/lesson.txt") == "Lesson one", "Ana's work is there")
            mine = shell.run("cat /etc/machine-id")
            theirs = ana.shell("algebra", user="ana", password=self._ana_password).run("cat /etc/machine-id")
            _expect(mine == theirs, "the machine kept its identity")
            _expect(shell.run("hostname") == "algebra", "the machine kept its name")
            old = bia.shell("geometry", user="ana", password=self._ana_password)
            _expect(old.is_refused(), "Ana's password opens nothing in Bia's machine")
            entry.note = "Ana's work and the old identity are there, only the new credentials work"
        return mine

    def export_again(self, ana: DemoPerson) -> None:
        self._report.act("5 · Ana changes her template and exports a new version: only the change moves")
        with self._report.step(ana.name, "changes the template"):
            shell = ana.shell("algebra", user="ana", password=self._ana_password)
            shell.run(f"dd if=/dev/urandom of={NOTES} bs=1M count=12 conv=notrunc 2>/dev/null && sync")
            shell.run("echo 'Lesson two' > /home/ana/lesson.txt && sync")
        version = self._export(ana, "algebra")
        _expect(version["name"] == "1.0.1", "the next version is 1.0.1")
        self._make_lab(ana, "algebra-2", self._image_id(IMAGE), region=SOUTH, user="ana")
        lab = ana.galeria.labs.get("algebra-2")
        exact = lab["properties"]["virtualMachineProfile"]["imageReference"]["exactVersion"]
        _expect(exact == "1.0.1", "a new lab gets the latest version")

    def clean_up(self, bia: DemoPerson, identity: str) -> None:
        self._report.act("6 · The administrator looks at cost and use, and deletes the old version")
        admin, image = self._admin, self._image_name(IMAGE)
        with self._report.step(admin.name, "looks at what the gallery costs and who uses it"):
            self._report.show(_costs_table(self._measured_costs()))
        with self._report.step(admin.name, "asks what deleting version 1.0.0 would mean") as entry:
            impact = admin.galeria.versions.impact(GALLERY, image, "1.0.0")
            for each in impact["regions"]:
                now, later = size(each["freedNowBytes"]), size(each["freedLaterBytes"])
                self._report.say(f"{each['region']}: {now} now, {later} when the labs on it are gone")
            entry.note = "used by " + ", ".join(each["name"] for each in impact["labs"])
            _expect([each["name"] for each in impact["labs"]] == ["geometry"], "the impact names the lab that uses it")
        before = {region: _real_bytes(folder) for region, folder in self._server.stores.items()}
        with self._report.step(admin.name, "deletes version 1.0.0") as entry, self._report.following() as follower:
            done = admin.wait(admin.galeria.versions.delete(GALLERY, image, "1.0.0"), follower)
            freed = done.output["freedBytes"]
            really = {region: before[region] - _real_bytes(self._server.stores[region]) for region in freed}
            entry.note = "freed " + ", ".join(f"{size(count)} in {region}" for region, count in sorted(freed.items()))
            _expect(freed[SOUTH] > 0 and really[SOUTH] > 0, "space was really given back")
            _expect(abs(really[SOUTH] - freed[SOUTH]) <= 64 * 1024, f"{freed[SOUTH]} reported, {really[SOUTH]} real")
        self._restart(bia, "geometry")
        with self._report.step(bia.name, "works on in the lab whose version is gone") as entry:
            shell = bia.shell("geometry", user="bia", password=self._bia_password)
            _expect(shell.run("cat /etc/machine-id") == identity, "the lab made from the deleted version still works")
            entry.note = "it starts and holds everything"

    def _measured_costs(self) -> Json:
        """Return the gallery's costs as soon as the server has measured all of it, which it does three times a minute."""
        deadline = time.monotonic() + MEASURED_SECONDS
        while True:
            costs = self._admin.galeria.galleries.costs(GALLERY)
            if not costs["copiesNotMeasuredYet"]:
                return costs
            _expect(time.monotonic() < deadline, f"what is stored is measured within {MEASURED_SECONDS:.0f} seconds")
            time.sleep(1)

    def leave(self, ana: DemoPerson, bia: DemoPerson) -> None:
        self._report.act("Everybody leaves")
        for who, lab in ((ana, "algebra"), (ana, "algebra-2"), (bia, "geometry")):
            with self._report.step(who.name, f"deletes the lab '{lab}'"), self._report.following() as follower:
                who.wait(who.galeria.labs.delete(lab), follower)
        for each in (self._admin, ana, bia):
            each.galeria.close()

    def _educators(self) -> tuple[DemoPerson, DemoPerson]:
        admin, people = self._admin, self._admin.galeria.people
        scope = str(admin.galeria.names.group_id())
        with self._report.step(admin.name, "makes accounts for Ana and Bia, both Lab Creators"):
            for name, password in (("ana", self._ana_password), ("bia", self._bia_password)):
                people.create(name, display_name=name.title(), password=password)
                admin.galeria.roles.give(name, "Lab Creator", scope)
        ana = person(self._server, "Ana", "ana", self._ana_password)
        return ana, person(self._server, "Bia", "bia", self._bia_password)

    def _import(self, name: str, disk: Path, *data: Path, generation: str) -> None:
        definition = NewDefinition(os_type="Linux", os_state="Generalized", generation=generation, display_name=name)
        wanted = FileImport(gallery=GALLERY, name=name, os_disk=disk, data_disks=data, definition=definition)
        with self._step_following(self._admin, f"imports {disk.name} as '{name}'") as (entry, follower):
            imported = begin_import(self._admin.galeria, wanted, heard=follower.file)
            self._admin.wait(imported.begun, follower)
            version = self._admin.galeria.versions.get(GALLERY, imported.image, imported.version)
            _fill(entry, version)

    def _export(self, who: DemoPerson, lab: str) -> Json:
        exports = who.galeria.exports
        with self._report.step(who.name, "asks for the price before exporting") as entry:
            estimate = exports.estimate(lab, name=IMAGE)
            for each in estimate["regions"]:
                self._report.say(
                    f"{each['region']}: at most {size(each['storeBytes'])} stored, {size(each['sendBytes'])} sent, "
                    f"{each['pricePerMonth']} {estimate['currency']} per month"
                )
            example = " (example prices)" if estimate["pricesAreExamples"] else ""
            entry.note = f"at most {estimate['pricePerMonth']} {estimate['currency']} per month{example}"
        with self._step_following(who, f"exports '{lab}' as '{IMAGE}' {estimate['version']}") as (entry, follower):
            begun = exports.begin(lab, name=IMAGE)
            who.wait(begun, follower)
            version = self._admin.galeria.versions.by_id(begun.resource["imageVersionId"])
            _fill(entry, version)
        return version

    def _make_lab(self, who: DemoPerson, lab: str, image: str, *, region: str, user: str) -> None:
        password = self._ana_password if user == "ana" else self._bia_password
        wanted = NewLab(image=image, user=user, password=password, region=region, size="Tiny")
        with self._step_following(who, f"creates the lab '{lab}' in {region}") as (entry, follower):
            who.wait(who.galeria.labs.create(lab, wanted), follower)
            reference = who.galeria.labs.get(lab)["properties"]["virtualMachineProfile"]["imageReference"]
            entry.note = f"from version {reference['exactVersion']}"

    def _start(self, who: DemoPerson, lab: str) -> None:
        with self._step_following(who, f"starts the template of '{lab}'") as (_, follower):
            who.wait(who.galeria.machines.start(lab), follower)

    def _restart(self, who: DemoPerson, lab: str) -> None:
        with self._step_following(who, f"stops the template of '{lab}'") as (_, follower):
            who.wait(who.galeria.machines.stop(lab), follower)
        self._start(who, lab)

    @contextmanager
    def _step_following(self, who: DemoPerson, what: str) -> Iterator[tuple[ReportEntry, ProgressFollower]]:
        with self._report.step(who.name, what) as entry, self._report.following() as follower:
            yield entry, follower

    def _image_name(self, name: str) -> str:
        return str(self._admin.galeria.images.get(name)["name"])

    def _image_id(self, name: str) -> str:
        return str(self._admin.galeria.images.get(name)["properties"]["sharedGalleryId"])


def _fill(entry: ReportEntry, version: Json) -> None:
    ours = version["properties"]["galeria"]
    entry.read, entry.stored = ours["readBytes"], ours["storedBytes"]
    entry.sent = sum(each["sentBytes"] for each in ours["replicas"])
    entry.logical = ours["logicalBytes"]
    figures = (entry.logical, entry.read, entry.stored, entry.sent)
    entry.note = "{} for the guest, {} read, {} stored, {} sent".format(*map(size, figures))


def _images_table(images: list[Json]) -> Table:
    table = Table("Image", "Usable", "Version", "Why not, and what helps", title="Images of the lab account")
    for image in images:
        ours = image["properties"]["galeria"]
        why = "\n".join(f"{each['reason']} {each['cure']}" for each in ours["obstacles"])
        table.add_row(image["properties"]["displayName"], "yes" if ours["usable"] else "no", ours["version"], why)
    return table


def _costs_table(costs: Json) -> Table:
    examples = ", example prices" if costs["pricesAreExamples"] else ""
    title = f"Cost and use ({costs['currency']} per month{examples})"
    table = Table("Image", "Version", "Region", "Stored", "Price", "Used by", title=title)
    for each in costs["value"]:
        labs = ", ".join(f"{lab['name']} ({lab['createdBy']})" for lab in each["labs"])
        for region in each["regions"]:
            table.add_row(
                each["displayName"],
                each["version"],
                region["region"],
                size(region["storedBytes"]),
                str(region["pricePerMonth"]),
                labs,
            )
    table.add_section()
    table.add_row("in all", "", "", "", str(costs["totalPerMonth"]), "")
    return table


def _real_bytes(folder: Path) -> int:
    """Return the bytes of the files on disk."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _expect(truth: bool, promise: str) -> None:
    if not truth:
        raise DemoFailure(
            Message("The demonstration found that this is not so: {promise}.", promise=promise),
            hint=Message("The server's log is kept."),
        )


def _password() -> str:
    """Return a password with all four classes of characters."""
    return f"Aa1-{secrets.token_urlsafe(12)}"
