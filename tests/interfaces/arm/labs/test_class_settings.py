"""What Galeria adds to the API for classes: changed occurrences of a schedule, lead time and weekly refill of a lab."""

from tests.interfaces.arm.lab_machines import make_lab
from tests.interfaces.arm.served import Arm, done, told

WEEKLY = {
    "startAt": "2030-03-04T09:00:00Z",
    "stopAt": "2030-03-04T11:00:00Z",
    "recurrencePattern": {"frequency": "Weekly", "weekDays": ["Monday"], "expirationDate": "2030-06-30T00:00:00Z"},
    "timeZoneId": "America/Sao_Paulo",
}
CHANGES = [
    {"localStart": "2030-03-11T09:00:00Z"},
    {"localStart": "2030-03-18T09:00:00Z", "startAt": "2030-03-20T14:00:00Z", "stopAt": "2030-03-20T16:00:00Z"},
]


def test_one_class_is_cancelled_and_another_is_moved(arm: Arm, image: str) -> None:
    lab = make_lab(arm, image, "changed")
    path, educator = f"{lab}/schedules/monday", arm("educator")
    made = done(educator.put(path, json={"properties": WEEKLY}), 201)
    assert made["properties"]["galeria"] == {"changes": []}
    changed = done(educator.patch(path, json={"properties": {"galeria": {"changes": CHANGES[::-1]}}}))
    assert changed["properties"]["galeria"]["changes"] == CHANGES
    for unaware in (
        educator.put(path, json={"properties": WEEKLY}),
        educator.patch(path, json={"properties": {"notes": "x"}}),
        educator.put(path, json=changed),
    ):
        assert done(unaware)["properties"]["galeria"]["changes"] == CHANGES
    later = WEEKLY | {"startAt": "2030-03-12T09:00:00Z", "stopAt": "2030-03-12T11:00:00Z"}
    assert done(educator.put(path, json={"properties": later}))["properties"]["galeria"]["changes"] == CHANGES[1:]
    assert done(educator.patch(path, json={"properties": {"galeria": {"changes": []}}}))["properties"]["galeria"] == {
        "changes": []
    }
    wrong = {"properties": {"galeria": {"changes": [{"localStart": "2030-03-12T09:00:00Z"}]}}}
    assert told(educator.patch(path, json=wrong), 400)["target"] == "properties.galeria.changes"


def test_lead_time_and_weekly_refill_of_a_lab(arm: Arm, image: str) -> None:
    lab, educator = make_lab(arm, image, "refilled"), arm("educator")
    ours = done(educator.get(lab))["properties"]["galeria"]
    assert (ours["startLead"], ours["weeklyRefill"], ours["workDiskGib"]) == ("PT10M", None, 0)
    said = {
        "startLead": "PT30M",
        "workDiskGib": 5,
        "weeklyRefill": {"weekDay": "sunday", "timeZoneId": "E. South America Standard Time"},
    }
    kept = done(educator.patch(lab, json={"properties": {"galeria": said}}))["properties"]["galeria"]
    assert (kept["startLead"], kept["workDiskGib"]) == ("PT30M", 5)
    assert kept["weeklyRefill"] == {"weekDay": "Sunday", "timeZoneId": "America/Sao_Paulo"}
    cleared = {"properties": {"galeria": {"weeklyRefill": None}}}
    kept = done(educator.patch(lab, json=cleared))["properties"]["galeria"]
    assert (kept["startLead"], kept["weeklyRefill"]) == ("PT30M", None)
    for name, value in (
        ("startLead", "PT5H"),
        ("workDiskGib", 5000),
        ("weeklyRefill", {"weekDay": "Monday", "timeZoneId": "Nowhere"}),
    ):
        assert "galeria" in told(educator.patch(lab, json={"properties": {"galeria": {name: value}}}), 400)["target"]


def test_nothing_is_kept_of_a_lab_that_nobody_has_worked_in(arm: Arm, image: str) -> None:
    lab, educator = make_lab(arm, image, "unused"), arm("educator")
    nothing = {"machines": 0, "keptFor": [], "lostFor": [], "keptDays": 14}
    assert done(educator.get(f"{lab}/deletionImpact")) == nothing
    assert done(educator.get(f"{lab}/keptWork")) == {"value": []}
    assert told(educator.post(f"{lab}/restoreWork", json={"id": "f" * 32}), 404)
