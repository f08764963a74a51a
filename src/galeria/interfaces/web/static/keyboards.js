// Which keys a person would press for a text, on the keyboard that a machine believes to have. Machines get places of keys, and make
// letters of them by their own layout; so the layout has to be known here, too.

// Letters without and with Shift, and the keys in the same order; a space stands for none.
const LETTERS = {
  us: [
    ["`1234567890-=", "~!@#$%^&*()_+", "Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal"],
    ["qwertyuiop[]\\", "QWERTYUIOP{}|", "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Backslash"],
    ["asdfghjkl;'", 'ASDFGHJKL:"', "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote"],
    ["zxcvbnm,./", "ZXCVBNM<>?", "KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash"],
  ],
  abnt2: [
    ["'1234567890-=", '"!@#$% &*()_+', "Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal"],
    ["qwertyuiop[]", "QWERTYUIOP{}", "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketRight Backslash"],
    ["asdfghjklç", "ASDFGHJKLÇ", "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon"],
    ["\\zxcvbnm,.;/", "|ZXCVBNM<>:?", "IntlBackslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash IntlRo"],
  ],
};
const WITH_ALT_GR = {
  us: {},
  abnt2: {
    "¹": "Digit1", "²": "Digit2", "³": "Digit3", "£": "Digit4", "¢": "Digit5", "¬": "Digit6", "§": "Equal",
    "ª": "BracketRight", "º": "Backslash", "°": "IntlRo",
  },
};

const ACUTE = "\u0301", GRAVE = "\u0300", CIRCUMFLEX = "\u0302", TILDE = "\u0303", DIAERESIS = "\u0308", CEDILLA = "\u0327";

// The keys before a letter that put an accent on it. A text console of Linux with the keyboard of the United States has them behind
// its key for composing, Ctrl and the full stop.
const COMPOSE = ["ControlLeft+Period"];
const ACCENTS = {
  us: {
    [ACUTE]: [...COMPOSE, "Quote"],
    [GRAVE]: [...COMPOSE, "Backquote"],
    [CIRCUMFLEX]: [...COMPOSE, "ShiftLeft+Digit6"],
    [TILDE]: [...COMPOSE, "ShiftLeft+Backquote"],
    [DIAERESIS]: [...COMPOSE, "ShiftLeft+Quote"],
    [CEDILLA]: [...COMPOSE, "Comma"],
  },
  abnt2: {
    [ACUTE]: ["BracketLeft"],
    [GRAVE]: ["ShiftLeft+BracketLeft"],
    [CIRCUMFLEX]: ["ShiftLeft+Quote"],
    [TILDE]: ["Quote"],
    [DIAERESIS]: ["ShiftLeft+Digit6"],
  },
};
const ALONE = { "`": GRAVE, "^": CIRCUMFLEX, "~": TILDE };
const PLAIN = { "\n": ["Enter"], "\t": ["Tab"], " ": ["Space"] };

function keysOf(layout) {
  const keys = new Map(Object.entries(PLAIN));
  for (const [plain, shifted, codes] of LETTERS[layout]) {
    codes.split(" ").forEach((code, index) => {
      keys.set([...plain][index], [code]);
      if ([...shifted][index] !== " ") {
        keys.set([...shifted][index], [`ShiftLeft+${code}`]);
      }
    });
  }
  for (const [letter, code] of Object.entries(WITH_ALT_GR[layout])) {
    keys.set(letter, [`AltRight+${code}`]);
  }
  for (const [letter, accent] of Object.entries(ALONE)) {
    if (!keys.has(letter)) {
      keys.set(letter, [...ACCENTS[layout][accent], "Space"]);
    }
  }
  return keys;
}

function keysFor(letter, keys, layout) {
  if (keys.has(letter)) {
    return keys.get(letter);
  }
  const [base, accent, ...rest] = letter.normalize("NFD");
  const before = ACCENTS[layout][accent];
  return before && keys.has(base) && rest.length === 0 ? [...before, ...keys.get(base)] : null;
}

// The presses for a text, such as ["ShiftLeft+KeyO", "KeyL"], and the letters that this keyboard does not have.
export function pressesFor(text, layout) {
  const keys = keysOf(layout);
  const presses = [];
  const missing = new Set();
  for (const letter of text.normalize("NFC").replaceAll("\r\n", "\n")) {
    const found = keysFor(letter, keys, layout);
    if (found) {
      presses.push(...found);
    } else {
      missing.add(letter);
    }
  }
  return { presses, missing: [...missing] };
}
