"""Classes as calendar programs read them (iCalendar, RFC 5545). Knows schedules, and nothing of requests."""
