// A machine's terminal: xterm.js over a WebSocket. What is typed as a password is in this page's memory until it is sent, and then
// nowhere; a lost line goes on by a secret that this page alone has.
import { followHeight, heldKeys, lineAddress, releaseKeys, toolbar, touchKeys, wayOut } from "./touch.js";
import { FitAddon } from "./vendor/xterm/addon-fit.mjs";
import { Terminal } from "./vendor/xterm/xterm.mjs";

const frame = document.querySelector("#terminal-frame");
const place = document.querySelector("#terminal");
const state = document.querySelector("#terminal-state");
const hint = document.querySelector("#terminal-hint");
const form = document.querySelector("#terminal-sign-in");
const accept = document.querySelector("#terminal-accept");
const bar = frame.querySelector("[role=toolbar]");

const PAUSES = [0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]; // seconds before each attempt to go on: two minutes in all
const SIZES = { least: 8, most: 32, first: 15 }; // of letters, in pixels
const LETTERS = "letters"; // where the browser remembers their size
const FINAL = (code) => code >= 4000 || code === 1003; // the server meant it; other codes are lines that were lost

// The policy of the page lets only those styles be added that name its nonce.
const make = document.createElement.bind(document);
document.createElement = (name, ...more) => {
  const made = make(name, ...more);
  if (name === "style") {
    made.nonce = frame.dataset.nonce;
  }
  return made;
};

let line = null;
let session = null; // { secret, seen }, once signed in
let losses = 0;
let told = {}; // what the server said before it closed the line

Terminal.strings.promptLabel = frame.dataset.input;
Terminal.strings.tooMuchOutput = frame.dataset.much;
const terminal = new Terminal({
  fontFamily: 'ui-monospace, "DejaVu Sans Mono", "Noto Sans Mono", Consolas, monospace',
  fontSize: Number(localStorage.getItem(LETTERS)) || SIZES.first,
  scrollback: 5000,
  theme: { background: "#1d1f21", foreground: "#e8e8e8" },
});
const fit = new FitAddon();
terminal.loadAddon(fit);

function tell(text, values = {}) {
  state.textContent = Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, value), text ?? "");
}

function size() {
  return { columns: Math.max(terminal.cols, 2), rows: Math.max(terminal.rows, 2) };
}

// The terminal is shown before it is needed, so that its size is known.
function show(is_shown) {
  place.hidden = hint.hidden = !is_shown;
  form.hidden = is_shown;
  frame.classList.toggle("is-open", is_shown);
  if (is_shown) {
    if (!terminal.element) {
      terminal.open(place);
    }
    fit.fit();
  }
}

function open(first) {
  const own = (line = new WebSocket(lineAddress(frame.dataset.socket)));
  own.binaryType = "arraybuffer";
  told = {};
  own.addEventListener("open", () => own.send(JSON.stringify({ ...first, ...size() })));
  own.addEventListener("message", (event) => own === line && heard(event.data));
  own.addEventListener("close", (event) => own === line && closed(event.code));
}

function heard(data) {
  if (typeof data !== "string") {
    session.seen += data.byteLength;
    terminal.write(new Uint8Array(data));
    return;
  }
  told = JSON.parse(data);
  if (told.resumed) {
    losses = 0;
    connected();
  } else if (told.resume) {
    session = { secret: told.resume, seen: 0 };
    connected();
    if (told.isNew) {
      tell(frame.dataset.new, { key: told.hostKey });
    }
  }
}

function connected() {
  frame.dataset.state = "connected";
  tell(frame.dataset.connected);
  terminal.focus();
}

function closed(code) {
  line = null;
  if (session && !FINAL(code) && losses < PAUSES.length) {
    frame.dataset.state = "lost";
    tell(frame.dataset.lost);
    setTimeout(goOn, PAUSES[losses] * 1000);
    losses += 1;
    return;
  }
  session = null;
  frame.dataset.state = "ended";
  show(false);
  accept.hidden = code !== 4412;
  form.elements.accept.value = code === 4412 ? told.seen : "";
  form.elements.accept.checked = false;
  form.elements.accept.required = code === 4412;
  tell(frame.dataset[String(code)] ?? frame.dataset["4503"], told);
  form.elements.password.focus();
}

function goOn() {
  if (session && !line) {
    open({ resume: session.secret, seen: session.seen });
  }
}

// A telephone that has a network again need not wait for the next attempt.
window.addEventListener("online", goOn);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { user, password, accept: accepted } = form.elements;
  const first = { user: user.value, password: password.value };
  if (accepted.checked) {
    first.accepted = accepted.value;
  }
  password.value = "";
  losses = 0;
  terminal.reset();
  show(true);
  frame.dataset.state = "connecting";
  tell(frame.dataset.connecting);
  open(first);
});

function send(bytes) {
  if (session && line?.readyState === WebSocket.OPEN) {
    line.send(bytes);
  }
}

// The control character of a letter, as a keyboard makes it with Ctrl.
function controlled(letter) {
  const code = letter.toUpperCase().charCodeAt(0);
  const made = { "?": 0x7f, " ": 0 }[letter] ?? (letter.length === 1 && code >= 0x40 && code < 0x60 ? code & 0x1f : null);
  return made === null ? letter : String.fromCharCode(made);
}

function type(text) {
  let typed = text;
  const keys = heldKeys();
  if (keys.length) {
    typed = (keys.includes("Alt") ? "\x1b" : "") + (keys.includes("Control") ? controlled(typed) : typed);
    releaseKeys(frame);
  }
  send(new TextEncoder().encode(typed));
}

terminal.onData(type);
terminal.onBinary((data) => send(Uint8Array.from(data, (each) => each.charCodeAt(0))));
terminal.onResize(() => send(JSON.stringify(size())));
new ResizeObserver(() => place.hidden || fit.fit()).observe(place);

function copy() {
  const text = terminal.getSelection();
  if (!text) {
    tell(frame.dataset.nothing);
    return;
  }
  navigator.clipboard.writeText(text).then(() => tell(frame.dataset.copied));
  terminal.focus();
}

function paste() {
  terminal.focus();
  navigator.clipboard.readText().then((text) => terminal.paste(text), () => tell(frame.dataset.paste));
}

function letters(more) {
  const wanted = Math.min(Math.max(terminal.options.fontSize + more, SIZES.least), SIZES.most);
  terminal.options.fontSize = wanted;
  localStorage.setItem(LETTERS, String(wanted));
  if (!place.hidden) {
    fit.fit();
  }
}

function readAloud(button) {
  const is_on = !terminal.options.screenReaderMode;
  terminal.options.screenReaderMode = is_on;
  button.setAttribute("aria-pressed", String(is_on));
  terminal.focus();
}

toolbar(frame, {
  copy,
  paste,
  smaller: () => letters(-1),
  larger: () => letters(1),
  aloud: readAloud,
  keyboard: () => terminal.focus(),
});

terminal.attachCustomKeyEventHandler((event) => {
  const is_pressed = event.ctrlKey && event.shiftKey && !event.altKey && event.code === "KeyC";
  if (is_pressed && event.type === "keydown") {
    event.preventDefault();
    copy();
  }
  return !is_pressed;
});

const ARROWS = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D" };
touchKeys(frame, (key) => {
  const arrow = terminal.modes.applicationCursorKeysMode ? "\x1bO" : "\x1b[";
  const codes = { Escape: "\x1b", Tab: "\t" };
  send(new TextEncoder().encode(codes[key] ?? arrow + ARROWS[key]));
  terminal.focus();
});
wayOut(place, () => bar.focus()); // on no button: Enter shall do nothing
followHeight();
form.querySelector("button").disabled = false; // before this script is there, the button can do nothing
form.elements.password.focus();
