"""Image definitions as the API answers them. Properties that were never set are left out."""

from typing import Any

from galeria.domain.images.galleries import ImageDefinition
from galeria.interfaces.arm.protocol.envelope import envelope, when


def definition_view(definition: ImageDefinition) -> dict[str, Any]:
    return envelope(
        definition,
        {
            "description": definition.description,
            **described(definition),
            "releaseNoteUri": definition.release_note_uri,
            "allowUpdateImage": definition.allow_update,
            "galeria": {"displayName": definition.display_name},
        },
    )


def described(definition: ImageDefinition) -> dict[str, Any]:
    """Return the properties that consumers of a shared gallery see as well."""
    properties: dict[str, Any] = {
        "osType": definition.os_type.value,
        "osState": definition.os_state.value,
        "hyperVGeneration": definition.generation.value,
        "architecture": definition.architecture.value,
        "identifier": {"publisher": definition.publisher, "offer": definition.offer, "sku": definition.sku},
        "eula": definition.eula,
        "privacyStatementUri": definition.privacy_uri,
        "disallowed": {"diskTypes": list(definition.disallowed_disks)},
        "features": [dict(each) for each in definition.features],
    }
    if definition.end_of_life:
        properties["endOfLifeDate"] = when(definition.end_of_life)
    if definition.recommended:
        properties["recommended"] = definition.recommended
    if definition.purchase_plan:
        properties["purchasePlan"] = definition.purchase_plan
    return properties
