"""Presses of a person: the button of the mouse goes down where something is, stays down for a moment, and goes up there."""

from itertools import cycle

from playwright.sync_api import Locator

HELD = cycle((60, 130, 200))  # milliseconds that people hold the button of a mouse


def reveal(target: Locator) -> None:
    """Goes to the step of a form in steps that has the target."""
    step = target.first.evaluate("(element) => element.closest('[data-step][hidden]')?.id ?? ''")
    if step:
        press(target.page.locator(f"[data-to={step}]"))


def press(target: Locator) -> None:
    """Without waiting for what goes on meanwhile, but not beside the target: whoever sees it move follows it."""
    reveal(target)
    target.scroll_into_view_if_needed()
    mouse = target.page.mouse
    place = None
    while place != (box := target.bounding_box()):
        assert box, f"{target} is not to be seen"
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        place = box
    mouse.down()
    target.page.wait_for_timeout(next(HELD))
    mouse.up()


def type_into(target: Locator, text: str) -> None:
    """Letter by letter, in place of what was there. The field keeps the keyboard."""
    press(target)
    target.page.keyboard.press("ControlOrMeta+A")
    target.press_sequentially(text)
