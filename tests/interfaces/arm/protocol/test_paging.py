"""Lists of any length come in pages whose links go on where the last one ended, whatever came and went in between."""

from tests.interfaces.arm.served import GROUP, SUB, Arm, done, told

GALLERIES = f"{GROUP}/providers/Microsoft.Compute/galleries"


def make(arm: Arm, *names: str) -> None:
    for name in names:
        done(arm().put(f"{GALLERIES}/{name}", json={"location": "brazilsouth"}), 201)


def test_pages_follow_each_other_and_the_last_one_has_no_link(arm: Arm) -> None:
    make(arm, "page1", "Page2", "page3", "page4")
    seen: list[str] = []
    answer = done(arm().get(GALLERIES, params={"$top": 2, "$filter": ""}))
    while "nextLink" in answer:
        assert len(answer["value"]) == 2
        seen += [each["name"] for each in answer["value"]]
        assert answer["nextLink"].startswith(f"{arm.services.endpoint}{GALLERIES}?")
        assert "$skipToken=" in answer["nextLink"]
        assert "api-version=" in answer["nextLink"]
        answer = done(arm().get(answer["nextLink"]))
    seen += [each["name"] for each in answer["value"]]
    assert seen == ["gal", "page1", "Page2", "page3", "page4"]
    assert set(done(arm().get(GALLERIES))) == {"value"}


def test_what_goes_between_two_pages_moves_nothing(arm: Arm) -> None:
    group = f"{SUB}/resourceGroups"
    for name in ("p-a", "p-b", "p-c", "p-d"):
        done(arm().put(f"{group}/{name}", json={"location": "brazilsouth"}), 201)
    galleries = f"{group}/p-a/providers/Microsoft.Compute/galleries"
    for name in ("one", "three", "two"):
        done(arm().put(f"{galleries}/{name}", json={"location": "brazilsouth"}), 201)
    first = done(arm().get(galleries, params={"$top": "2"}))
    assert [each["name"] for each in first["value"]] == ["one", "three"]
    assert arm().delete(f"{galleries}/three").status_code == 200
    done(arm().put(f"{galleries}/four", json={"location": "brazilsouth"}), 201)
    assert [each["name"] for each in done(arm().get(first["nextLink"]))["value"]] == ["two"]


def test_a_page_has_a_hundred_at_most(arm: Arm) -> None:
    group = f"{SUB}/resourceGroups/many"
    done(arm().put(group, json={"location": "brazilsouth"}), 201)
    make_many(arm, 101)
    first = done(arm().get(f"{GROUP}/providers/Microsoft.LabServices/labPlans", params={"$top": 5000}))
    assert len(first["value"]) == 100
    assert len(done(arm().get(first["nextLink"]))["value"]) == 2


def make_many(arm: Arm, number: int) -> None:
    """Beside the one that is there."""
    plans = f"{GROUP}/providers/Microsoft.LabServices/labPlans"
    for index in range(number):
        done(arm().put(f"{plans}/many{index}", json={"location": "brazilsouth"}), 201)


def test_a_page_size_or_token_that_makes_no_sense_is_refused(arm: Arm) -> None:
    for top in ("0", "-1", "x", "²"):
        assert told(arm().get(GALLERIES, params={"$top": top}), 400)["target"] == "$top"
    for token in ("x", "e30=", "WzFd", "WyJhIl0", "%00"):
        answer = arm().get(GALLERIES, params={"$SkipToken": token})
        assert told(answer, 400)["target"] == "$skipToken", token
