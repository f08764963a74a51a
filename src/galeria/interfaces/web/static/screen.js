// A machine's screen: noVNC over the console's WebSocket, with a toolbar that works by keyboard.
import RFB from "./vendor/novnc/core/rfb.js";

const frame = document.querySelector("#screen-frame");
const screen = document.querySelector("#screen");
const state = document.querySelector("#screen-state");
const size = document.querySelector("#screen-size");
const clipboard = document.querySelector("#clipboard");
const again = frame.querySelector("[data-do=again]");

const RETURN = 0xff0d; // X11's keysyms
const TAB = 0xff09;
const BEYOND_LATIN = 0x01000000;

let remote = null;

function tell(text) {
  state.textContent = text;
}

function connect() {
  tell(frame.dataset.connecting);
  again.hidden = true;
  screen.replaceChildren();
  const address = new URL(frame.dataset.console, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const line = new WebSocket(address);
  // noVNC keeps to itself why a line was closed; the server's code says it.
  line.addEventListener("close", (event) => ended(event.code));
  remote = new RFB(screen, line);
  remote.addEventListener("connect", () => {
    tell(frame.dataset.connected);
    frame.dataset.state = "connected";
    remote.focus();
  });
  remote.addEventListener("clipboard", (event) => {
    clipboard.value = event.detail.text;
  });
  resize();
}

function ended(code) {
  remote = null;
  frame.dataset.state = "ended";
  tell(frame.dataset[String(code)] ?? frame.dataset.lost);
  again.hidden = false;
  if (document.activeElement === document.body || screen.contains(document.activeElement)) {
    again.focus();
  }
}

function resize() {
  if (remote) {
    remote.scaleViewport = size.value === "fit";
    remote.resizeSession = size.value === "adapt";
  }
  frame.classList.toggle("is-real", size.value === "real");
}

function keysym(letter) {
  const code = letter.codePointAt(0);
  if (letter === "\n") {
    return RETURN;
  }
  if (letter === "\t") {
    return TAB;
  }
  return code < 0x100 ? code : BEYOND_LATIN + code;
}

const ACTIONS = {
  again: connect,
  keys: () => remote?.sendCtrlAltDel(),
  paste: () => remote?.clipboardPasteFrom(clipboard.value),
  type: () => {
    for (const letter of clipboard.value) {
      remote?.sendKey(keysym(letter), null);
    }
  },
  full: () => (document.fullscreenElement ? document.exitFullscreen() : frame.requestFullscreen()),
};

frame.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) {
    ACTIONS[button.dataset.do]();
  }
});

size.addEventListener("change", resize);

// The way out of the screen for those who have no mouse. The keys that are down are released in the machine first.
screen.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey && event.altKey && event.shiftKey && ["Control", "Alt", "Shift"].includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      window.dispatchEvent(new Event("blur"));
      frame.querySelector("[data-do=keys]").focus();
    }
  },
  { capture: true },
);

connect();
