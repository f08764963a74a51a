"""Kept work is listed and given back, and a lab's deletion tells first whose work it ends."""

from tests.interfaces.cli.canned import LAB, MACHINE
from tests.interfaces.cli.conftest import Run
from tests.interfaces.client.rest_double import RestDouble

WORK = {
    "id": "0123abcd",
    "person": "Ada",
    "email": "ada@example.org",
    "lab": "Algebra",
    "sizeGib": 2,
    "keptUntil": "2026-12-15T09:00:00Z",
    "machine": "student-4",
    "whyNot": "",
}


def test_kept_work_is_listed_and_given_back(run: Run, double: RestDouble) -> None:
    double.put("GET", f"{LAB}/keptWork", {"value": [WORK, {**WORK, "machine": None, "whyNot": "Add them first."}]})
    listed = run("lab", "kept-work", "turma-a")
    assert listed.exit_code == 0, listed.stderr
    assert "ada@example.org" in listed.stdout
    assert "student-4" in listed.stdout
    assert "Add them first." in listed.stdout

    double.put("POST", f"{LAB}/restoreWork", {"machine": "student-4"})
    done = run("lab", "restore-work", "turma-a", "0123abcd")
    assert (done.exit_code, "student-4" in done.stdout) == (0, True), done.stderr
    asked = [each for each in double.asked if each.method == "POST"][-1]
    assert asked.json == {"id": "0123abcd"}


def test_machines_are_updated_and_brought_back(run: Run, double: RestDouble) -> None:
    double.put("POST", f"{LAB}/updateMachines", {"begun": 2, "later": 5})
    told = run("lab", "update", "turma-a", "--at-stop")
    assert "2 are updated now, 5 at their next stop." in told.stdout, told.stderr
    assert double.asked[-1].json == {"when": "AtStop"}

    kept = {"id": "0123abcd", "revision": 3, "keptAt": "2026-12-01T09:00:00Z", "keptUntil": "2026-12-15T09:00:00Z"}
    double.put("GET", f"{MACHINE}/earlier", {"value": [kept]})
    assert "0123abcd" in run("lab", "earlier", "turma-a", "template").stdout
    body = {"name": "template", "properties": {"state": "Stopped", "galeria": {"revision": 3, "updatesAtStop": True}}}
    double.put("POST", f"{MACHINE}/bringBack", None)
    double.put("POST", f"{MACHINE}/update", None)
    double.put("GET", MACHINE, body)
    assert "revision 3 again" in run("lab", "bring-back", "turma-a", "template", "0123abcd").stdout
    assert "at its next stop" in run("lab", "update", "turma-a", "--machine", "template", "--at-stop").stdout
