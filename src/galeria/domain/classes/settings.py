"""The settings of a lab's classes that Azure's service does not have, kept among the lab's profiles."""

from datetime import timedelta

from galeria.domain.durations import HOUR, parse_duration, show_duration
from galeria.domain.errors import Invalid
from galeria.domain.labs.profiles import Profiles
from galeria.domain.messages import Message

START_LEAD = "startLead"
USUAL_LEAD = timedelta(minutes=10)
LONGEST_LEAD = 4 * HOUR


def start_lead(profiles: Profiles) -> timedelta:
    """Returns how long before a class its machines start."""
    text = profiles.get(START_LEAD)
    return USUAL_LEAD if text is None else timedelta(seconds=parse_duration(text, f"properties.galeria.{START_LEAD}"))


def shown_lead(profiles: Profiles) -> str:
    """Returns the lead time as an ISO 8601 duration."""
    return show_duration(int(start_lead(profiles).total_seconds()))


def check_lead(profiles: Profiles) -> None:
    """Raises Invalid where the lead time is no duration, or longer than four hours."""
    if start_lead(profiles).total_seconds() > LONGEST_LEAD:
        raise Invalid(
            Message("The lead time '{text}' is too long.", text=profiles[START_LEAD]),
            hint=Message("At most four hours: PT4H."),
            target=f"properties.galeria.{START_LEAD}",
        )
