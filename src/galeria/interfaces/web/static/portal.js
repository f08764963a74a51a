// What pages do beyond HTML and htmx. Everything works without it, only less comfortably.
"use strict";

// The clock of this browser, so that pages show local times.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
})();

// Where server-sent events do not come through, ask again and again.
const POLL_SECONDS = 3;
const LOST_AFTER = 2;
const SILENT_SECONDS = 5;

// A page on which somebody is typing is not loaded again behind their back.
function isTyping() {
  return [...document.querySelectorAll("main input, main textarea")].some(
    (field) => field.type !== "hidden" && field.value !== field.defaultValue,
  );
}

// What is being pressed is not taken away: the page stays until the button is let go, and as it is where that sent a form.
async function settled(element) {
  await whenNothingIsPressed();
  if (document.querySelector("form[data-sending]")) {
    return;
  }
  if (element.dataset.then === "reload") {
    if (!isTyping()) {
      location.reload();
    }
  } else if (element.dataset.then) {
    location.assign(element.dataset.then);
  }
}

// A bar that stands still for want of a server says so.
function sayAway(element) {
  if (!element.querySelector(".away")) {
    const note = document.createElement("p");
    note.className = "away note warn";
    note.textContent = element.dataset.away;
    element.append(note);
  }
}

async function poll(element) {
  if (!element.isConnected) {
    return;
  }
  try {
    const answer = await fetch(element.dataset.poll, { headers: { "HX-Request": "true" } });
    const place = answer.headers.get("HX-Redirect");
    if (place) {
      location.assign(place);
      return;
    }
    if (answer.ok) {
      const told = await answer.text();
      await whenNothingIsPressed();
      element.innerHTML = told;
      if (answer.headers.get("X-Settled") === "true") {
        settled(element);
        return;
      }
    } else if (answer.status >= 500) {
      sayAway(element);
    }
  } catch {
    sayAway(element); // and it is asked again, as it comes back by itself
  }
  setTimeout(() => poll(element), POLL_SECONDS * 1000);
}

function askInstead(element) {
  if (!element.asks) {
    element.asks = true;
    element.line?.close();
    element.removeAttribute("sse-connect");
    poll(element);
  }
}

document.addEventListener("htmx:sseOpen", (event) => {
  const element = event.target.closest("[data-poll]");
  if (element) {
    element.line = event.detail.source;
    if (element.asks) {
      element.line.close();
    }
  }
});

// What comes while a button is held down waits: it would move the button away from under the pointer.
document.addEventListener("htmx:sseBeforeMessage", (event) => {
  if (isSomethingPressed()) {
    const { target, type, data } = event.detail;
    event.preventDefault();
    whenNothingIsPressed().then(() => target.dispatchEvent(new MessageEvent(type, { data })));
  }
});

document.addEventListener("htmx:sseMessage", (event) => {
  const element = event.target.closest("[data-poll]");
  if (element) {
    element.heard = true;
    element.lost = 0; // the server ends a line after some minutes, and the browser opens the next one
  }
});

document.addEventListener("htmx:sseError", (event) => {
  const element = event.target.closest("[data-poll]");
  if (!element) {
    return;
  }
  element.lost = (element.lost || 0) + 1;
  if (element.lost === LOST_AFTER) {
    askInstead(element);
  }
});

// Some proxies keep events back until the line ends. The first one comes at once where they do not.
function watch() {
  for (const element of document.querySelectorAll("[data-poll]:not([data-watched])")) {
    element.dataset.watched = "yes";
    setTimeout(() => {
      if (!element.heard) {
        askInstead(element);
      }
    }, SILENT_SECONDS * 1000);
  }
}

watch();
document.addEventListener("page:changed", watch);

document.addEventListener("htmx:sseClose", (event) => {
  const element = event.target.closest("[data-poll]");
  if (element && event.detail.type === "message") {
    settled(element);
  }
});

// Copy what stands in another element.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) {
    return;
  }
  const source = document.querySelector(button.dataset.copy);
  await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  const before = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = before;
  }, 2000);
});

// One tick for all boxes of a table.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-ticks]");
  if (all) {
    for (const box of all.closest("form").querySelectorAll(`input[name="${all.dataset.ticks}"]:not(:disabled)`)) {
      box.checked = all.checked;
    }
  }
});

// Buttons that only work with scripts are hidden without them, and those that stand in for scripts are hidden with them.
function chooseButtons() {
  for (const button of document.querySelectorAll("[data-script], [data-plain]")) {
    button.hidden = "plain" in button.dataset;
  }
}

chooseButtons();
document.addEventListener("page:changed", chooseButtons);

// A menu closes by Escape, and by a click elsewhere.
function closeMenus(besides) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(besides)) {
      menu.open = false;
    }
  }
}

document.addEventListener("pointerdown", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Show a password while it is typed.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (button) {
    const input = document.querySelector(button.dataset.reveal);
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  }
});

// The picture of a machine's screen is fetched again while somebody looks at the page; without one its place stays empty.
const AGAIN_SECONDS = 5;

function showPicture(event) {
  if (event.target.matches?.("img[data-again]")) {
    event.target.closest("a").hidden = event.type === "error"; // a link to nothing is not to be reached by keyboard
  }
}

document.addEventListener("error", showPicture, true);
document.addEventListener("load", showPicture, true);
setInterval(() => {
  for (const picture of document.querySelectorAll("img[data-again]")) {
    if (!document.hidden && picture.complete) {
      picture.src = `${picture.src.split("?")[0]}?${Date.now()}`;
    }
  }
}, AGAIN_SECONDS * 1000);
