"""What a browser is, from what it calls itself: enough for its owner to recognize it."""

import re

# The order matters: most of them also name the others that they are like.
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
    """Browser and system, either empty where it is not known; of an unknown one the beginning of its own words."""
    browser = next((name for pattern, name in _BROWSERS if pattern.search(agent)), agent[:_LONGEST])
    system = next((name for pattern, name in _SYSTEMS if pattern.search(agent)), "")
    return browser, system
