// What the screen and the terminal of a machine have in common: the address of their line, the toolbar, keys that telephones
// lack, and the height that is left beside their keyboard.

export function lineAddress(path) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address;
}

// `actions` has what each button does, by its data-do.
export function toolbar(frame, actions) {
  frame.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) {
      actions[button.dataset.do](button);
    }
  });
}

// Keys that are held down for the next one, such as Ctrl.
const held = new Set();

export function heldKeys() {
  return [...held];
}

export function releaseKeys(frame) {
  held.clear();
  for (const button of frame.querySelectorAll("[data-hold]")) {
    button.setAttribute("aria-pressed", "false");
  }
}

// `press` gets the name of a key, as KeyboardEvent.key has it.
export function touchKeys(frame, press) {
  const keys = frame.querySelector(".touch-keys");
  // A button must not take the focus: the telephone's keyboard would go away.
  keys.addEventListener("pointerdown", (event) => event.target.closest("[data-key], [data-hold]") && event.preventDefault());
  keys.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.hold) {
      const is_held = !held.delete(button.dataset.hold);
      if (is_held) {
        held.add(button.dataset.hold);
      }
      button.setAttribute("aria-pressed", String(is_held));
    } else if (button?.dataset.key) {
      press(button.dataset.key);
      releaseKeys(frame);
    }
  });
}

// The page is as high as what can be seen of it. A telephone's keyboard lies over a page, which does not know that by itself.
export function followHeight() {
  const seen = window.visualViewport;
  const follow = () => document.documentElement.style.setProperty("--seen", `${seen.height}px`);
  if (seen) {
    seen.addEventListener("resize", follow);
    follow();
  }
}

// The way out for those who have no mouse: Ctrl + Alt + Shift together lead from `place` to the toolbar.
export function wayOut(place, leave) {
  place.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey && event.altKey && event.shiftKey && ["Control", "Alt", "Shift"].includes(event.key)) {
        event.preventDefault();
        event.stopPropagation();
        leave();
      }
    },
    { capture: true },
  );
}
