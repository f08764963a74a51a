// A machine's screen: noVNC over the console's WebSocket, with a toolbar that works by keyboard.
import { pressesFor } from "./keyboards.js";
import RFB from "./vendor/novnc/core/rfb.js";

const frame = document.querySelector("#screen-frame");
const screen = document.querySelector("#screen");
const state = document.querySelector("#screen-state");
const size = document.querySelector("#screen-size");
const clipboard = document.querySelector("#clipboard");
const keyboard = document.querySelector("#keyboard");
const typed = document.querySelector("#typed");
const bar = frame.querySelector("[role=toolbar]");
const again = frame.querySelector("[data-do=again]");

const PACE = 30; // milliseconds between two presses: a slow machine forgets keys that come faster
const KEYBOARD = "keyboard"; // where the browser remembers which one was chosen

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

// A key with those that are held down meanwhile, such as ShiftLeft+KeyA. With the place of the key the symbol is of no account.
function pressKeys(keys) {
  const codes = keys.split("+");
  codes.forEach((code) => remote?.sendKey(0, code, true));
  codes.reverse().forEach((code) => remote?.sendKey(0, code, false));
}

async function type(text) {
  const { presses, missing } = pressesFor(text, keyboard.value);
  typed.textContent = missing.length ? typed.dataset.missing.replace("{letters}", missing.join(" ")) : "";
  if (missing.length) {
    return; // half a password is worse than none
  }
  for (const keys of presses) {
    pressKeys(keys);
    await new Promise((resume) => setTimeout(resume, PACE));
  }
  typed.textContent = typed.dataset.done;
}

const ACTIONS = {
  again: connect,
  keys: () => remote?.sendCtrlAltDel(),
  paste: () => remote?.clipboardPasteFrom(clipboard.value),
  type: () => type(clipboard.value),
  full: () => (document.fullscreenElement ? document.exitFullscreen() : frame.requestFullscreen()),
};

frame.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) {
    ACTIONS[button.dataset.do]();
  }
});

size.addEventListener("change", resize);

keyboard.value = localStorage.getItem(KEYBOARD) ?? keyboard.value;
keyboard.addEventListener("change", () => localStorage.setItem(KEYBOARD, keyboard.value));

// The way out of the screen for those who have no mouse. The keys that are down are released in the machine first.
screen.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey && event.altKey && event.shiftKey && ["Control", "Alt", "Shift"].includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      window.dispatchEvent(new Event("blur"));
      bar.focus(); // on no button: Enter shall do nothing
    }
  },
  { capture: true },
);

connect();
