"""Pages of imports: upload, inspection, and creation of a version."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from galeria.actions.core.request import Request
from galeria.actions.versions.imports import begin_import, find_made_of, importing_galleries, require_unused
from galeria.actions.versions.versions import VERSION
from galeria.domain.errors import Conflict
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.messages import Message
from galeria.domain.operations import Upload
from galeria.interfaces.services import Services
from galeria.interfaces.uploads.stored_uploads import StoredUploads
from galeria.interfaces.uploads.tus import FILE_LIMIT
from galeria.interfaces.web.imports.file_inspections import FileInspections
from galeria.interfaces.web.imports.import_choices import FIELDS, ImportChoices, read_choices, read_import
from galeria.interfaces.web.imports.upload_routes import UPLOADS
from galeria.interfaces.web.kit.names import system_names
from galeria.interfaces.web.kit.page_request import PageRequest, PageRequestDep
from galeria.interfaces.web.kit.permits import permit
from galeria.interfaces.web.kit.routes import page_router
from galeria.interfaces.web.kit.urls import version_url

IMPORT = "/import"


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """One of a person's files, and the version made from it."""

    upload: Upload
    version: ImageVersion | None

    @property
    def is_complete(self) -> bool:
        return self.upload.offset == self.upload.length


class ImportPages:
    def __init__(self, services: Services) -> None:
        self._uploads = StoredUploads(requests=services.requests, files=services.uploads)
        self._findings = FileInspections(services.uploads)

    def router(self) -> APIRouter:
        router = page_router()
        one = IMPORT + "/{upload}"
        router.add_api_route(IMPORT, self.show, methods=["GET"], name="web_import")
        router.add_api_route(one, self.show_file, methods=["GET"], name="web_import_file")
        router.add_api_route(one, self.create, methods=["POST"], name="web_import_create")
        router.add_api_route(f"{one}/fields", self.show_fields, methods=["POST"], name="web_import_fields")
        router.add_api_route(f"{one}/remove", self.remove, methods=["POST"], name="web_import_remove")
        return router

    def show(self, page: PageRequestDep) -> Response:
        """Show where to drop files, and the person's own files that are not images yet."""
        uploads = self._uploads.list(page.caller)
        with page.reading() as request:
            galleries = importing_galleries(request, page.subscription.lower())
            allowed = permit(request, f"{VERSION}/write", page.subscription.lower())
            files = _sent(request, uploads)
        return page.show(
            "import.html",
            may=bool(galleries),
            allowed=allowed,
            files=files,
            endpoint=UPLOADS,
            limit=FILE_LIMIT,
            query=_query(page),
        )

    def show_file(self, page: PageRequestDep, upload: str) -> Response:
        return self._show(page, upload)

    def show_fields(self, page: PageRequestDep, upload: str) -> Response:
        """Return the form while it is filled in: choices that follow from others, the name, the price, and warnings."""
        choices = self._chosen(page, upload, proposes=True)
        return page.show(
            "parts/import_fields.html", upload=upload, choices=choices, system=system_names(page), form=page.form
        )

    def create(self, page: PageRequestDep, upload: str) -> Response:
        if page.form.has("show"):  # the button that updates the form in browsers without scripts
            return self._show(page, upload)
        choices = self._chosen(page, upload)
        with page.form.checking(*FIELDS, galleryImageVersionName="version", targetRegions="regions"):
            wanted = read_import(page, upload, choices)
            with page.writing() as request:
                version, operation = begin_import(request, wanted)
        if page.form.errors:
            return self._show(page, upload, status=400)
        page.start(operation)
        return page.go(version_url(version), notice=page.gettext("The image is being made. You may leave this page."))

    def remove(self, page: PageRequestDep, upload: str) -> Response:
        with page.reading() as request:
            require_unused(request, upload)
        self._uploads.remove(page.caller, upload)
        return page.go(IMPORT, notice=page.gettext("The file was removed."))

    def _show(self, page: PageRequest, upload_id: str, *, status: int = 200) -> Response:
        upload = self._uploads.get(page.caller, upload_id)
        with page.reading() as request:
            made = find_made_of(request, upload.id)
        if made or upload.offset < upload.length:
            return page.show("import_sent.html", file=SentFile(upload=upload, version=made))
        finding = self._findings.look(upload.id)
        choices = None
        if finding.facts:
            with page.reading() as request:
                proposes = page.form.has("show")
                choices = read_choices(request, page, finding, upload.file_name, proposes=proposes)
        return page.show(
            "import_file.html",
            status=status,
            upload=upload.id,
            file=upload,
            finding=finding,
            choices=choices,
            system=system_names(page),
            form=page.form,
        )

    def _chosen(self, page: PageRequest, upload_id: str, *, proposes: bool = False) -> ImportChoices:
        """Read the choices. Raises NotFound, and Conflict where no version can be made from the file now."""
        upload = self._uploads.get(page.caller, upload_id)
        if upload.offset < upload.length:
            raise Conflict(
                Message("The file has not arrived as a whole yet."), hint=Message("Choose it again on the import page.")
            )
        finding = self._findings.look(upload.id)
        if finding.refusal:
            raise finding.refusal
        with page.reading() as request:
            return read_choices(request, page, finding, upload.file_name, proposes=proposes)


def _sent(request: Request, uploads: list[Upload]) -> list[SentFile]:
    """Return each upload with the version made from it, also a failed one."""
    made = {
        each.source_id: each for each in request.uow.version_queries.from_uploads([upload.id for upload in uploads])
    }
    return [SentFile(upload=each, version=made.get(each.id)) for each in uploads]


def _query(page: PageRequest) -> str:
    image = page.query("image")
    return "?" + urlencode({"image": image}) if image else ""
