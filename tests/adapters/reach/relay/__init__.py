"""Tests of the relay, most of them with a real process."""
