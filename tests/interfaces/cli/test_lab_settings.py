"""What a lab gives its students is changed by one command, which sends only what was said."""

from tests.interfaces.cli.canned import LAB
from tests.interfaces.cli.conftest import Run
from tests.interfaces.client.rest_double import RestDouble

FOUND = {"name": "turma-a", "properties": {"title": "turma-a", "state": "Draft"}}


def test_hours_are_sent_as_the_api_writes_them(run: Run, double: RestDouble) -> None:
    double.put("PATCH", LAB, FOUND)
    double.put("GET", LAB, FOUND)
    done = run("lab", "set", "turma-a", "--hours", "7.5")
    assert done.exit_code == 0, done.stderr
    (sent,) = [each for each in double.asked if each.method == "PATCH"]
    assert sent.json == {"properties": {"virtualMachineProfile": {"usageQuota": "PT7H30M"}}}


def test_no_hours_are_hours_too(run: Run, double: RestDouble) -> None:
    double.put("PATCH", LAB, FOUND)
    double.put("GET", LAB, FOUND)
    assert run("lab", "set", "turma-a", "--hours", "0").exit_code == 0
    (sent,) = [each for each in double.asked if each.method == "PATCH"]
    assert sent.json == {"properties": {"virtualMachineProfile": {"usageQuota": "PT0S"}}}


def test_nothing_and_less_than_nothing_are_refused(run: Run, double: RestDouble) -> None:
    assert "There is nothing to change." in run("lab", "set", "turma-a").stderr
    for each in ("-1", "10000", "1e309", "nan"):  # the last two are what Python reads as infinite and as no number
        said = run("lab", "set", "turma-a", f"--hours={each}")
        assert said.exit_code != 0
        assert "It is 0 to 9999 hours" in said.stderr
    assert double.asked == []
