"""Remedies for images that make no lab: for each obstacle a button, and whether this person may use it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from galeria.actions.core.operation_access import is_visible
from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT
from galeria.actions.versions.operations import can_retry
from galeria.actions.versions.versions import VERSION
from galeria.domain.images.eligibility import ImageEligibility, Obstacle
from galeria.domain.images.galleries import ImageVersion
from galeria.domain.labs.accounts import LabAccount
from galeria.domain.operations import Operation
from galeria.domain.states import OperationStatus
from galeria.domain.units import GB
from galeria.interfaces.web.kit.page_request import PageRequest
from galeria.interfaces.web.kit.permits import ALLOWED, Permission, permit
from galeria.interfaces.web.kit.urls import account_url, image_url, operation_url, version_url
from galeria.ports.files import REFUSED_FILE

IMPORT = "/import"
_FAILED = (OperationStatus.FAILED, OperationStatus.CANCELED)


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A button. If it posts, it sends `name` and `value`; otherwise it leads to a page."""

    text: str
    place: str
    permit: Permission = ALLOWED
    posts: bool = False
    name: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class ObstacleWithRemedy:
    """One obstacle of an image, with its remedy where a button helps, and what may be done instead."""

    obstacle: Obstacle
    remedy: Remedy | None
    instead: Remedy | None = None


@dataclass(kw_only=True)
class RemedyFinder:
    """Finds remedies for the images of one account in one region. Who else may use a button is looked up once per kind."""

    page: PageRequest
    request: Request
    account: LabAccount
    region: str
    _refusals: dict[tuple[str, str], Permission] = field(default_factory=dict)

    def remedies_for(self, image: ImageEligibility) -> tuple[ObstacleWithRemedy, ...]:
        functions = self._remedy_functions() if image.obstacles else {}
        return tuple(
            ObstacleWithRemedy(
                obstacle=each,
                remedy=functions[each.code](image) if each.code in functions else None,
                instead=self._remove(image) if each.code == "NoUsableVersion" else None,
            )
            for each in image.obstacles
        )

    def _remedy_functions(self) -> dict[str, Callable[[ImageEligibility], Remedy | None]]:
        return {
            "Disabled": self._enable,
            "OsDiskTooLarge": self._raise_limit,
            "MultipleDisks": self._import,
            "NotInRegion": self._replicate,
            "NoVersion": self._import,
            "BeingMade": self._follow,
            "ExcludedFromLatest": self._include,
            "NoUsableVersion": self._retry,
            "Deleted": self._restore,
        }

    def _enable(self, image: ImageEligibility) -> Remedy:
        return Remedy(
            text=self.page.gettext("Enable"),
            place=account_url(self.account, "images"),
            permit=self._permit(f"{ACCOUNT}/images/write", self.account.key),
            posts=True,
            name="enable_one",
            value=image.definition.name,
        )

    def _raise_limit(self, image: ImageEligibility) -> Remedy:
        """Propose the next whole GB above the size of the disk."""
        limit = image.os_disk_size // GB + 1
        return Remedy(
            text=self.page.gettext("Raise the limit to %(size)s GB") % {"size": self.page.formats.number(limit)},
            place=f"{account_url(self.account, 'policies')}?{urlencode({'limit': limit})}",
            permit=self._permit(f"{ACCOUNT}/write", self.account.key),
        )

    def _import(self, image: ImageEligibility) -> Remedy:
        several = any(each.code == "MultipleDisks" for each in image.obstacles)
        text = self.page.gettext("Import a version with one disk") if several else self.page.gettext("Import a version")
        return Remedy(
            text=text,
            place=f"{IMPORT}?{urlencode({'image': image.definition.resource_id})}",
            permit=self._permit(f"{VERSION}/write", image.definition.key),
        )

    def _replicate(self, image: ImageEligibility) -> Remedy | None:
        version = _best(image)
        if version is None:
            return None
        region = self.request.settings.regions.get(self.region)
        return Remedy(
            text=self.page.gettext("Replicate to %(region)s") % {"region": region.display_name},
            place=f"{version_url(version, 'regions')}?{urlencode({'add': region.name})}",
            permit=self._permit(f"{VERSION}/write", version.key),
        )

    def _include(self, image: ImageEligibility) -> Remedy | None:
        version = _best(image)
        if version is None:
            return None
        text = self.page.gettext("Open version %(version)s") % {"version": version.name}
        return Remedy(text=text, place=version_url(version), permit=self._permit(f"{VERSION}/write", version.key))

    def _follow(self, image: ImageEligibility) -> Remedy | None:
        for facts in reversed(image.facts):
            for operation in self.request.uow.operations.running_on(facts.version.id):
                return Remedy(
                    text=self.page.gettext("Show how far it is"),
                    place=operation_url(operation.id),
                    permit=self._see(operation, facts.version),
                )
        return None

    def _retry(self, image: ImageEligibility) -> Remedy | None:
        operation = self._failed(image)
        if operation is None:
            return self._import(image)
        if operation.error_code == REFUSED_FILE:
            return replace(self._import(image), text=self.page.gettext("Try another file"))
        allowed = (
            ALLOWED
            if can_retry(self.request, operation)
            else self._permit(operation.kind_type.write, image.definition.key)
        )
        text = self.page.gettext("Try again")
        return Remedy(text=text, place=operation_url(operation.id, "retry"), permit=allowed, posts=True)

    def _remove(self, image: ImageEligibility) -> Remedy | None:
        """Lead to the deletion of a version whose file was refused; an image that was imported for it goes with it."""
        operation = self._failed(image)
        if operation is None or operation.error_code != REFUSED_FILE:
            return None
        return Remedy(
            text=self.page.gettext("Remove"),
            place=version_url(operation.resource_id, "delete"),
            permit=self._permit(f"{VERSION}/delete", image.definition.key),
        )

    def _restore(self, image: ImageEligibility) -> Remedy:
        return Remedy(
            text=self.page.gettext("Restore a version"),
            place=f"{image_url(image.definition.resource_id)}#deleted",
            permit=self._permit(f"{VERSION}/write", image.definition.key),
        )

    def _failed(self, image: ImageEligibility) -> Operation | None:
        """Return the last failed or canceled operation on an existing version."""
        versions = {each.version.id for each in image.facts}
        recent = self.request.uow.operations.recent(below=image.definition.key, limit=20)
        return next((each for each in recent if each.status in _FAILED and each.subject in versions), None)

    def _see(self, operation: Operation, version: ImageVersion) -> Permission:
        return ALLOWED if is_visible(self.request, operation) else self._permit(operation.kind_type.read, version.key)

    def _permit(self, action: str, scope: str) -> Permission:
        """Return the action's own answer. Refusals are the same for all images of the account's gallery."""
        if self.request.caller.may(action, scope):
            return permit(self.request, action, scope)
        wide = scope.split("/images/")[0]
        if (action, wide) not in self._refusals:
            self._refusals[action, wide] = permit(self.request, action, wide)
        return self._refusals[action, wide]


def _best(image: ImageEligibility) -> ImageVersion | None:
    """Return the highest version that is complete in some region."""
    offered = [each.version for each in image.facts if each.version.is_offered]
    return max(offered, key=lambda version: version.number, default=None)
