"""The time of classes: when they take place, whose hours count, and when machines are switched off by themselves.

Standard library only; the times of a schedule themselves are in `domain.labs.schedules`.
"""
