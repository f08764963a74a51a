"""In the same application: sign-in, metadata, uploads, and the document that describes it all."""

import re

from galeria.interfaces.app import ROUTES
from tests.interfaces.arm.served import GALLERY, Arm, definition_body, done, version_body
from tests.local_installation import disk_bytes


def test_the_document_names_every_operation_and_all_its_parameters(arm: Arm) -> None:
    document = done(arm.stranger().get("/openapi.json"))
    operations = {
        operation["operationId"]: (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    }
    assert {route.name for route in ROUTES} <= set(operations)
    for route in ROUTES:
        path, operation = operations[route.name]
        declared = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), route.name
        assert "api-version" in {each["name"] for each in operation["parameters"]}


def test_no_page_of_another_origin_shows_the_document(arm: Arm) -> None:
    """FastAPI's own pages load scripts from elsewhere and would run them on the portal's origin."""
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        assert arm.stranger().get(path).status_code == 404, path


def test_metadata_and_sign_in_need_no_token(arm: Arm) -> None:
    for path in ("/metadata/endpoints", "//metadata/endpoints", "/adfs/.well-known/openid-configuration"):
        assert arm.stranger().get(arm.services.endpoint + path).status_code == 200


def test_an_upload_becomes_a_version(arm: Arm) -> None:
    content = disk_bytes(seed=9)
    tus = {"Tus-Resumable": "1.0.0"}
    assert arm.stranger().post("/uploads", headers={**tus, "Upload-Length": "1"}).status_code == 401
    made = arm().post("/uploads", headers={**tus, "Upload-Length": str(len(content))})
    assert made.status_code == 201
    place = made.headers["location"]
    piece = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert arm().patch(place, content=content, headers=piece).status_code == 204
    path = f"{GALLERY}/images/uploaded"
    done(arm().put(path, json=definition_body("uploaded")), 201)
    done(arm().put(f"{path}/versions/1.0.0", json=version_body(place.rpartition("/")[2])), 201)
    arm.work()
    assert done(arm().get(f"{path}/versions/1.0.0"))["properties"]["provisioningState"] == "Succeeded"
