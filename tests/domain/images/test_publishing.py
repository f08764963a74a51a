"""How versions are published and protected, how long deleted ones are kept, what definitions may say."""

from datetime import timedelta

import pytest

from galeria.domain.errors import Conflict, Invalid
from galeria.domain.images.definition_rules import check_features, check_identifier, check_recommended
from galeria.domain.images.galleries import Generation
from galeria.domain.images.publishing import (
    ReplicationTarget,
    check_deletable,
    check_shallow,
    checked_count,
    end_of_life,
)
from galeria.domain.images.soft_delete import Retention, checked_days, deadlines
from tests.domain.images.image_values import NOW, facts, latest, version

DAY = timedelta(days=1)


def test_a_replica_count_has_bounds_that_are_reported() -> None:
    assert [checked_count(count, "here") for count in (1, 100)] == [1, 100]
    for count in (0, -1, 101):
        with pytest.raises(Invalid, match="between 1 and 100, inclusive"):
            checked_count(count, "here")


def test_a_shallow_version_is_at_home_once() -> None:
    home = [ReplicationTarget(region="a", replica_count=1)]
    check_shallow(home, "a", 1)
    for targets, count in (
        (home, 2),
        ([*home, ReplicationTarget(region="b")], 1),
        ([ReplicationTarget(region="a", replica_count=2)], 1),
    ):
        with pytest.raises(Invalid, match="Shallow"):
            check_shallow(targets, "a", count)


def test_an_end_of_life_is_set_in_the_future_and_may_be_sent_back_later() -> None:
    exact = (NOW - DAY).replace(microsecond=123456)
    assert end_of_life(NOW, None, NOW + DAY, "t") == NOW + DAY
    assert end_of_life(NOW, exact, exact, "t") == exact
    assert end_of_life(NOW, exact, exact.replace(microsecond=0), "t") == exact
    assert end_of_life(NOW, exact, None, "t") is None
    for wanted in (NOW, NOW - DAY):
        with pytest.raises(Invalid, match="in the past"):
            end_of_life(NOW, None, wanted, "t")
        with pytest.raises(Invalid, match="in the past"):
            end_of_life(NOW, exact - DAY, wanted, "t")


def test_a_blocked_deletion_is_free_after_the_end_of_life() -> None:
    check_deletable("1.0.0", blocked=True, end_of_life=NOW, now_is=NOW)
    check_deletable("1.0.0", blocked=False, end_of_life=NOW + DAY, now_is=NOW)
    with pytest.raises(Conflict) as refused:
        check_deletable("1.0.0", blocked=True, end_of_life=NOW + DAY, now_is=NOW)
    assert refused.value.code == "DeleteGalleryImageVersionBlockedBeforeEndOfLife"


def test_first_use_ends_and_then_the_time_to_restore() -> None:
    ends = deadlines(NOW, retention_days=7, grace_days=30)
    assert (ends.consumption_ends, ends.hard_deletion) == (NOW + 7 * DAY, NOW + 37 * DAY)
    assert checked_days(0, least=0, what="gracePeriodInDays") == 0
    for days in (0, 366):
        with pytest.raises(Invalid, match="between 1 and 365"):
            checked_days(days, least=1, what="retentionPeriodInDays")


def test_a_retained_version_is_usable_and_never_the_latest() -> None:
    kept, old = version("2.0.0", retention=Retention.SOFT_DELETED), facts(version("1.0.0"))
    assert (kept.is_ready, kept.is_offered) == (True, False)
    assert latest(facts(kept), old) == "1.0.0"
    assert latest(facts(kept)) is None
    assert not version(retention=Retention.EXPIRED).is_ready


@pytest.mark.parametrize("words", [("", "o", "s"), ("p" * 129, "o", "s"), ("p", "o" * 65, "s"), ("p", "o", "s.")])
def test_publisher_offer_and_sku_have_their_lengths_and_letters(words: tuple[str, str, str]) -> None:
    check_identifier("p" * 128, "o" * 64, "s-_.1")
    with pytest.raises(Invalid):
        check_identifier(*words)


def test_what_is_recommended_goes_from_less_to_more() -> None:
    check_recommended({"vCPUs": {"min": 1, "max": 1}, "memory": {"max": 8}})
    for bounds in ({"min": 2, "max": 1}, {"min": -1}, {"max": 0}):
        with pytest.raises(Invalid, match="recommended memory"):
            check_recommended({"memory": bounds})


def test_features_are_named_once_and_fit_the_generation() -> None:
    check_features([{"name": "SecurityType", "value": "Standard"}], Generation.V1)
    check_features([{"name": "SecurityType", "value": "TrustedLaunch"}], Generation.V2)
    with pytest.raises(Invalid, match="needs the Hyper-V generation V2"):
        check_features([{"name": "securitytype", "value": "TrustedLaunch"}], Generation.V1)
    with pytest.raises(Invalid, match="twice"):
        check_features([{"name": "A"}, {"name": "a"}], Generation.V2)
    with pytest.raises(Invalid, match="is not a version"):
        check_features([{"name": "A", "startsAtVersion": "1"}], Generation.V2)
