"""Operations: the shapes that clients poll, progress out of bytes and times, the list, cancel and retry."""

from datetime import timedelta

from galeria.domain.images.galleries import Replica
from galeria.domain.operations import OperationStep, StepStatus
from galeria.domain.states import OperationStatus, ReplicaState
from galeria.interfaces.http.progress_figures import percent
from tests.adapters.db.samples import NOW, operation
from tests.interfaces.arm.served import GALLERY, OPERATIONS, Arm, definition_body, done, told, version_body
from tests.local_installation import SUBSCRIPTION, disk_bytes


def begin(arm: Arm, name: str) -> tuple[str, str]:
    """A version being made: its operation's id, and where to poll."""
    path = f"{GALLERY}/images/{name}"
    done(arm().put(path, json=definition_body(name)), 201)
    answer = arm().put(f"{path}/versions/1.0.0", json=version_body(arm.installation.upload(disk_bytes())))
    assert answer.status_code == 201
    return arm.begun.ids[-1], answer.headers["azure-asyncoperation"]


def step(**fields: object) -> OperationStep:
    own: dict[str, object] = {"operation_id": "o", "position": 0, "name": "capture", "region": "brazilsouth"}
    times = {"started_at": NOW, "updated_at": NOW + timedelta(seconds=4)}
    return OperationStep(**(own | times | fields))  # type: ignore[arg-type]


def test_a_running_operation_shows_steps_rate_and_time_left(arm: Arm) -> None:
    id, url = begin(arm, "running")
    with arm.installation.context.database() as uow:
        uow.operations.get(id).status = OperationStatus.IN_PROGRESS
        now = arm.installation.context.clock.now()
        times = {"started_at": now - timedelta(seconds=4), "updated_at": now}
        uow.operations.add_step(step(operation_id=id, bytes_done=1_000, bytes_total=4_000, **times))
        uow.commit()
    answer = arm().get(url)
    view = done(answer)
    assert answer.headers["retry-after"] == "1"
    assert (view["name"], view["status"]) == (id, "InProgress")
    assert "endTime" not in view
    assert view["percentComplete"] == 25
    assert view["properties"]["kind"] == "create_version"
    assert view["properties"]["resourceId"].endswith("/images/running/versions/1.0.0")
    (shown,) = view["properties"]["steps"]
    assert (shown["bytesPerSecond"], shown["secondsLeft"]) == (250, 12)
    waiting = arm().get(url + "&monitor=true")
    assert (waiting.status_code, waiting.headers["retry-after"]) == (202, "1")
    assert waiting.headers["location"].endswith("monitor=true")


def test_the_polling_address_also_works_without_an_api_version(arm: Arm) -> None:
    _, url = begin(arm, "unversioned")
    plain = url.partition("?")[0]
    headers = {"Authorization": arm().headers["authorization"]}
    assert done(arm.stranger().get(plain, headers=headers))["status"] == "NotStarted"


def test_the_list_is_newest_first_and_narrows_to_a_resource(arm: Arm) -> None:
    first, _ = begin(arm, "listed-one")
    second, _ = begin(arm, "listed-two")
    names = [each["name"] for each in done(arm().get(OPERATIONS))["value"]]
    assert names.index(second) < names.index(first)
    below = done(arm().get(OPERATIONS, params={"resource": f"{GALLERY.upper()}/images/LISTED-one/"}))["value"]
    assert [each["name"] for each in below] == [first]
    assert done(arm().get(f"{OPERATIONS}/{first}"))["name"] == first
    assert told(arm().get(OPERATIONS, params={"$top": "0"}), 400)["target"] == "$top"


def test_deleting_the_polling_address_cancels_the_operation(arm: Arm) -> None:
    _id, url = begin(arm, "deleted")
    assert arm().delete(url).status_code == 202
    (canceled,) = arm.work()
    assert canceled.status is OperationStatus.CANCELED
    assert done(arm().get(url))["error"]["code"] == "OperationCanceled"
    assert arm().delete(url).status_code == 204
    assert told(arm("nobody").delete(url), 404)["code"] == "NotFound"


def test_an_operation_is_canceled_and_retried_by_whoever_began_it(arm: Arm) -> None:
    id, url = begin(arm, "canceled")
    answer = arm().post(f"{OPERATIONS}/{id}/cancel")
    assert done(answer, 202)["properties"]["cancelRequested"] is True
    assert answer.headers["azure-asyncoperation"].split("?")[0] == url.split("?")[0]
    arm.work()
    assert done(arm().get(url))["status"] == "Canceled"
    assert done(arm().post(f"{OPERATIONS}/{id}/retry"), 202)["status"] == "NotStarted"
    assert arm.begun.ids == [id]
    arm.work()
    assert done(arm().get(url))["status"] == "Succeeded"
    assert told(arm().post(f"{OPERATIONS}/{id}/retry"), 409)["message"].startswith("The operation has succeeded")


def test_an_operation_of_others_does_not_exist_for_those_who_may_not_see_its_resource(arm: Arm) -> None:
    id, url = begin(arm, "private")
    for path in (f"{OPERATIONS}/{id}", url):
        assert told(arm("nobody").get(path), 404)["code"] == "NotFound"
    assert told(arm().get(f"{OPERATIONS}/nothing"), 404)["code"] == "NotFound"
    assert done(arm("nobody").get(OPERATIONS))["value"] == []


def test_every_region_weighs_the_same_in_the_percentage() -> None:
    running = operation(status=OperationStatus.IN_PROGRESS, subscription_id=SUBSCRIPTION)
    home = step(region="", bytes_done=10, bytes_total=10, status=StepStatus.SUCCEEDED)
    away = step(region="westeurope", bytes_done=5, bytes_total=10)
    assert percent(running, [], []) == 0
    assert percent(running, [home], [pending("westeurope")]) == 50
    assert percent(running, [home, away], [pending("westeurope")]) == 75
    assert percent(running, [home], []) == 99


def pending(region: str) -> Replica:
    return Replica(version_id="v", region=region, state=ReplicaState.PENDING)


def test_only_a_succeeded_operation_is_at_a_hundred() -> None:
    assert percent(operation(status=OperationStatus.SUCCEEDED), [], []) == 100
    assert percent(operation(status=OperationStatus.FAILED), [step(bytes_done=1, bytes_total=1)], []) == 99
