// A machine's screen: noVNC over the console's WebSocket, with a toolbar that works by keyboard.
import { pressesFor } from "./keyboards.js";
import { followHeight, heldKeys, lineAddress, releaseKeys, toolbar, touchKeys, wayOut } from "./touch.js";
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
  const line = new WebSocket(lineAddress(frame.dataset.console));
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

toolbar(frame, {
  again: connect,
  keys: () => remote?.sendCtrlAltDel(),
  paste: () => remote?.clipboardPasteFrom(clipboard.value),
  type: () => type(clipboard.value),
  keyboard: () => touchText.focus(),
  full: () => (document.fullscreenElement ? document.exitFullscreen() : frame.requestFullscreen()),
});

size.addEventListener("change", resize);

keyboard.value = localStorage.getItem(KEYBOARD) ?? keyboard.value;
keyboard.addEventListener("change", () => localStorage.setItem(KEYBOARD, keyboard.value));

// What a telephone's keyboard does is seen in a field only: it corrects words and names no keys. The field always holds some
// text, so that deleting is seen as well.
const FILLING = " ".repeat(40);
const touchText = document.querySelector("#touch-text");

function fill() {
  touchText.value = FILLING;
  touchText.setSelectionRange(FILLING.length, FILLING.length);
}

touchText.addEventListener("input", (event) => {
  if (event.isComposing) {
    return; // it may still change
  }
  takeTyped();
});
touchText.addEventListener("compositionend", () => takeTyped());

function takeTyped() {
  const text = touchText.value;
  let same = 0;
  while (same < Math.min(text.length, FILLING.length) && text[same] === FILLING[same]) {
    same += 1;
  }
  for (let deleted = same; deleted < FILLING.length; deleted += 1) {
    pressKeys("Backspace");
  }
  const held = heldKeys().map((name) => `${name}Left`);
  for (const letter of text.slice(same)) {
    const { presses, missing } = pressesFor(letter, keyboard.value);
    if (missing.length) {
      tell(typed.dataset.missing.replace("{letters}", missing.join(" ")));
    }
    presses.forEach((keys) => pressKeys([...held, keys].join("+")));
  }
  releaseKeys(frame);
  fill();
}

touchKeys(frame, (key) => pressKeys([...heldKeys().map((name) => `${name}Left`), key].join("+")));
wayOut(screen, () => {
  window.dispatchEvent(new Event("blur")); // so that the keys that are down are released in the machine
  bar.focus(); // on no button: Enter shall do nothing
});
fill();
followHeight();
connect();
