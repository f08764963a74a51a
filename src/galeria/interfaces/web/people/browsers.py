"""Recognise browsers by their User-Agent, well enough for their owner."""

import re

# The order matters: most of them also name others.
_BROWSERS = (
    (re.compile(r"\bEdg(?:e|A|iOS)?/"), "Edge"),
    (re.compile(r"\bOPR/"), "Opera"),
    (re.compile(r"\bFirefox/|\bFxiOS/"), "Firefox"),
    (re.compile(r"Chrom(?:e|ium)/|\bCriOS/"), "Chrome"),
    (re.compile(r"\bSafari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\biPhone\b|\biPad\b"), "iOS"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMac OS X\b"), "macOS"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bLinux\b"), "Linux"),
)
_LONGEST = 40


def browser_name(agent: str) -> tuple[str, str]:
    """Return browser and system, empty where unknown; for an unknown browser the beginning of its User-Agent."""
    browser = next((name for pattern, name in _BROWSERS if pattern.search(agent)), agent[:_LONGEST])
    system = next((name for pattern, name in _SYSTEMS if pattern.search(agent)), "")
    return browser, system
