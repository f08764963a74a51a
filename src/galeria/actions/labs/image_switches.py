"""Images of a lab account are switched on and off; without a switch an image is as the account's policy says."""

from galeria.actions.core.request import Request
from galeria.actions.labs.accounts import ACCOUNT
from galeria.actions.labs.eligible_images import find_image, get_image
from galeria.domain.errors import NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.eligibility import ImageEligibility
from galeria.domain.labs.accounts import ImageSwitch
from galeria.domain.messages import Message


def enable_images(request: Request, id: ResourceId, names: list[str], *, enabled: bool) -> int:
    """Switch images on or off, and return how many are now otherwise. Raises NotFound before any change."""
    request.caller.require(f"{ACCOUNT}/images/write", id.key)
    uow = request.uow
    account = uow.accounts.get_by_key(id.key)
    known = {each.name.lower(): each for each in uow.image_queries.outlines(account.gallery_id or "")}
    wanted = {name.lower(): name for name in reversed(names)}
    for name in reversed(wanted):
        if name not in known:
            raise NotFound(
                Message("The lab account '{id}' has no image '{name}'.", id=id.name, name=name),
                hint=Message("Open the list of its images again."),
            )
    switches = {each.definition_id: each for each in uow.accounts.choices(account.id)}
    changed = 0
    for name, written in reversed(wanted.items()):
        image = known[name].id
        switch = switches.get(image)
        changed += account.enables(switch) != enabled
        if switch:
            switch.enabled = enabled
        else:
            uow.accounts.add_choice(ImageSwitch(account_id=account.id, definition_id=image, enabled=enabled))
        detail = Message("enabled") if enabled else Message("disabled")
        request.audit(f"{ACCOUNT}/images/write", f"{id}/images/{written}", detail=detail)
    uow.flush()
    return changed


def enable_image(request: Request, id: ResourceId, name: str, *, enabled: bool) -> ImageEligibility:
    """Switch one image on or off, and return what is said of it afterwards. Raises NotFound."""
    request.caller.require(f"{ACCOUNT}/images/write", id.key)
    get_image(request, id, name)  # whoever is told of the image afterwards must be allowed to see it
    enable_images(request, id, [name], enabled=enabled)
    return get_image(request, id, name)


def remove_image_switch(request: Request, id: ResourceId, name: str) -> bool:
    """Let the image follow the account's policy again; return whether anybody had chosen otherwise."""
    request.caller.require(f"{ACCOUNT}/images/write", id.key)
    account = request.uow.accounts.get_by_key(id.key)
    image = find_image(request, id, name)
    switch = request.uow.accounts.find_choice(account.id, image.definition.id) if image else None
    if switch is None:
        return False
    request.audit(f"{ACCOUNT}/images/write", f"{id}/images/{name}", detail=Message("as the account's policy says"))
    request.uow.accounts.remove_choice(switch)
    request.uow.flush()
    return True
