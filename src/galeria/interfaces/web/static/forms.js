// Forms: they are checked while they are filled in, and sent without leaving the page, so that nothing that was typed is lost.
// Without scripts the browser sends them itself.
"use strict";

(() => {
  const TYPING = 400; // milliseconds without a key before what was typed is checked
  const RELEASED = 100; // milliseconds between letting go of a button and the click, which come apart on touch screens
  const PRESSING = new Set([" ", "Enter"]);

  // ---- What is being pressed is not exchanged: a button that is replaced under the pointer gets no click.

  const held = new Map(); // what is held down → when
  let waiting = [];

  const press = (what) => held.set(what, performance.now());

  function release(what) {
    const since = held.get(what);
    setTimeout(() => {
      if (held.get(what) === since) {
        held.delete(what);
      }
      if (held.size === 0) {
        const resumed = waiting;
        waiting = [];
        resumed.forEach((resume) => resume());
      }
    }, RELEASED);
  }

  const idle = () => (held.size ? new Promise((resume) => waiting.push(resume)) : Promise.resolve());
  window.whenNothingIsPressed = idle;
  window.isSomethingPressed = () => held.size > 0;

  const HOLDING = { pointerdown: "pointer", compositionstart: "composition", keydown: "key" };
  const RELEASING = { pointerup: "pointer", pointercancel: "pointer", compositionend: "composition", keyup: "key" };
  for (const [name, what] of Object.entries(HOLDING)) {
    addEventListener(name, (event) => (what !== "key" || (PRESSING.has(event.key) && !event.repeat)) && press(what), true);
  }
  for (const [name, what] of Object.entries(RELEASING)) {
    addEventListener(name, () => release(what), true);
  }
  addEventListener("blur", (event) => event.target === window && [...held.keys()].forEach(release), true);

  // ---- Exchanging parts of the page: what is the same stays, with its focus, its cursor and what was typed in it.

  const MORPH = {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    callbacks: {
      beforeAttributeUpdated: (name, element, change) =>
        !(name === "open" && change === "remove") && !(name === "value" && element.type === "password"),
    },
  };

  function parse(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    parsed.querySelectorAll("noscript").forEach((each) => each.replaceChildren());
    return parsed;
  }

  // What the pointer is on stays under it while parts above grow or shrink: somebody may be about to press it.
  function exchange(old, fresh) {
    const aimed = document.querySelector("main :is(a, button, input, label, select, summary):hover");
    const before = aimed?.getBoundingClientRect().top;
    const root = document.documentElement;
    root.style.overflowAnchor = "none"; // the browser's own way of it knows only what is at the top
    Idiomorph.morph(old, fresh, MORPH);
    if (aimed?.isConnected) {
      scrollBy({ top: aimed.getBoundingClientRect().top - before, behavior: "instant" });
    }
    requestAnimationFrame(() => root.style.removeProperty("overflow-anchor"));
  }

  function changed(place) {
    htmx.process(place);
    document.dispatchEvent(new CustomEvent("page:changed", { detail: place }));
  }

  // A part that is asked for again and again: what is the same in it stays, too, and the keyboard keeps its place. While
  // something is pressed or being sent the next round brings the news.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, shouldSwap, serverResponse } = event.detail;
    if (!shouldSwap || !target.id || !target.getAttribute("hx-trigger")?.startsWith("every")) {
      return;
    }
    event.detail.shouldSwap = false;
    const fresh = parse(serverResponse).getElementById(target.id);
    if (fresh && held.size === 0 && !target.querySelector("form[data-sending]")) {
      exchange(target, fresh);
      changed(document.getElementById(target.id));
    }
  });

  // ---- Sending

  const fieldsOf = (form, submitter) => new URLSearchParams(new FormData(form, submitter));

  // What the form says; what only proves where it came from is no part of it.
  function said(form) {
    const fields = fieldsOf(form);
    fields.delete("csrf");
    return fields.toString();
  }

  function renew(token) {
    document.querySelectorAll("input[name=csrf]").forEach((each) => {
      each.value = token;
    });
    document.querySelectorAll("[data-csrf]").forEach((each) => {
      each.dataset.csrf = token;
    });
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRF-Token": token }));
  }

  // After signing in again in another tab the forms of this one are old; those of the same person go on.
  async function send(form, address, submitter) {
    const post = () =>
      fetch(address, { method: "POST", body: fieldsOf(form, submitter), headers: { "HX-Request": "true" } });
    const answer = await post();
    const token = answer.headers.get("X-Form-Token");
    if (!token) {
      return answer;
    }
    if (answer.headers.get("X-Person") === document.body.dataset.person) {
      renew(token);
      return post();
    }
    return answer;
  }

  function isSomebodyElse(answer) {
    const person = answer.headers.get("X-Person");
    return Boolean(person) && person !== document.body.dataset.person;
  }

  // ---- Telling

  function tell(form, content) {
    forget(form);
    const place = document.createElement("div");
    place.className = "form-said";
    place.tabIndex = -1;
    place.setAttribute("role", "alert");
    if (typeof content === "string") {
      place.classList.add("note", "bad");
      place.textContent = content;
    } else {
      content.querySelectorAll("[role=alert]").forEach((each) => each.removeAttribute("role"));
      place.append(...content.childNodes);
    }
    const inside = form.closest("main");
    (inside ? form : document.getElementById("main")).prepend(place);
    return place;
  }

  function forget(form) {
    form.querySelectorAll(".form-said").forEach((each) => each.remove());
    document.querySelectorAll("#main > .form-said").forEach((each) => each.remove());
  }

  // ---- Checking while somebody types

  const checks = new WeakMap(); // form → { timer, running, again }

  const stateOf = (form) => checks.get(form) ?? checks.set(form, {}).get(form);

  function schedule(form, delay) {
    const state = stateOf(form);
    clearTimeout(state.timer);
    state.timer = setTimeout(() => check(form), delay);
  }

  async function check(form) {
    const state = stateOf(form);
    if (state.running) {
      state.again = true;
      return state.running;
    }
    state.running = ask(form).finally(() => {
      state.running = null;
      if (state.again) {
        state.again = false;
        schedule(form, 0);
      }
    });
    return state.running;
  }

  async function ask(form) {
    const before = said(form);
    let answer, html;
    try {
      answer = await send(form, form.dataset.check);
      html = await answer.text();
    } catch {
      return; // sending the form says it
    }
    if (answer.status === 401 || answer.status === 403) {
      tell(form, isSomebodyElse(answer) ? document.body.dataset.other : parse(html).body);
      return;
    }
    if (!answer.ok || answer.status === 204) {
      return;
    }
    await idle();
    if (!form.isConnected || form.dataset.sending) {
      return;
    }
    if (said(form) !== before) {
      stateOf(form).again = true; // a choice that is newer than the answer
      return;
    }
    for (const fresh of [...parse(html).body.children]) {
      const old = fresh.id && document.getElementById(fresh.id);
      if (old) {
        exchange(old, fresh);
        mark(document.getElementById(fresh.id));
      }
    }
    changed(form);
  }

  // An error that came while somebody was typing marks its field too.
  function mark(error) {
    const input = error?.classList.contains("field-error") && document.getElementById(error.id.replace(/-error$/, ""));
    if (input) {
      const isWrong = error.textContent.trim() !== "";
      input.setAttribute("aria-invalid", String(isWrong));
      input.closest(".field")?.classList.toggle("wrong", isWrong);
    }
  }

  for (const [name, delay] of [["input", TYPING], ["change", 0]]) {
    document.addEventListener(name, (event) => {
      const form = event.target.closest?.("form[data-check]");
      if (form) {
        schedule(form, delay);
      }
    });
  }

  // ---- Sending a form

  function busy(form, submitter, is) {
    if (is) {
      form.dataset.sending = "yes";
      form.setAttribute("aria-busy", "true");
    } else {
      delete form.dataset.sending;
      form.removeAttribute("aria-busy");
    }
    submitter?.classList.toggle("busy", is);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") {
      return;
    }
    event.preventDefault();
    if (!form.dataset.sending) {
      submit(form, event.submitter);
    }
  });

  async function submit(form, submitter) {
    clearTimeout(stateOf(form).timer);
    forget(form);
    busy(form, submitter, true);
    let isLeaving = false;
    try {
      if (form.matches(".language") && isFilled()) {
        await speak(form, submitter);
        return;
      }
      const address = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
      isLeaving = await answered(form, await send(form, address, submitter));
    } catch {
      tell(form, document.body.dataset.away).focus();
    } finally {
      if (!isLeaving) {
        busy(form, submitter, false);
      }
    }
  }

  // Tells whether another page is being opened.
  async function answered(form, answer) {
    const place = answer.headers.get("HX-Redirect");
    if (place) {
      location.assign(place);
      return true;
    }
    const parsed = parse(await answer.text());
    const part = answer.ok && form.dataset.part && parsed.getElementById(form.dataset.part);
    if (isSomebodyElse(answer)) {
      tell(form, document.body.dataset.other).focus();
    } else if (part) {
      exchange(document.getElementById(part.id), part); // the page stays, such as one with a screen
      changed(document.getElementById(part.id));
    } else if (parsed.getElementById("main")) {
      show(parsed, answer.headers.get("HX-Replace-Url"));
    } else {
      tell(form, parsed.body).focus();
    }
    return false;
  }

  function show(parsed, place) {
    if (place) {
      history.replaceState(null, "", place);
    }
    document.title = parsed.title;
    const old = document.getElementById("main");
    const focused = document.activeElement;
    exchange(old, parsed.getElementById("main"));
    const main = document.getElementById("main");
    changed(main);
    const wrong = main.querySelector("[aria-invalid=true]") ?? main.querySelector("[role=alert]");
    if (wrong) {
      wrong.tabIndex = wrong.matches("input, select, textarea, button") ? wrong.tabIndex : -1;
      wrong.focus();
    } else if (!focused.isConnected || focused === document.body) {
      main.focus();
      scrollTo(0, 0);
    }
  }

  // ---- Another language, with what is filled in

  const controls = (form) => [...form.elements].filter((each) => each.name && each.name !== "csrf" && each.type !== "submit");

  const filledForms = () => [...document.querySelectorAll("main form[method=post]")];

  function isChanged(control) {
    if (control.type === "hidden") {
      return false;
    }
    if (control.type === "checkbox" || control.type === "radio") {
      return control.checked !== control.defaultChecked;
    }
    if (control.matches("select")) {
      return [...control.options].some((each) => each.selected !== each.defaultSelected && each.defaultSelected);
    }
    return control.value !== control.defaultValue;
  }

  const isFilled = () => filledForms().some((form) => controls(form).some(isChanged));

  function remember() {
    return filledForms().map((form) => ({
      action: form.action,
      fields: controls(form).map(({ name, type, value, checked }) => ({ name, type, value, checked })),
    }));
  }

  function refill(kept) {
    for (const form of filledForms()) {
      const fields = kept.find((each) => each.action === form.action)?.fields ?? [];
      for (const control of controls(form)) {
        const isBox = control.type === "checkbox" || control.type === "radio";
        const field = fields.find(
          (each) => each.name === control.name && each.type === control.type && (!isBox || each.value === control.value),
        );
        if (field && isBox) {
          control.checked = field.checked;
        } else if (field && control.type !== "hidden") {
          control.value = field.value;
        }
      }
    }
  }

  async function speak(form, submitter) {
    const kept = remember();
    await send(form, form.action, submitter);
    const answer = await fetch(location.href);
    const parsed = parse(await answer.text());
    if (!answer.ok || !parsed.getElementById("main")) {
      location.reload();
      return;
    }
    document.documentElement.lang = parsed.documentElement.lang;
    Object.assign(document.body.dataset, parsed.body.dataset);
    for (const part of ["header.top", "nav.side"]) {
      const old = document.querySelector(part);
      if (old) {
        exchange(old, parsed.querySelector(part));
      }
    }
    show(parsed, "");
    refill(kept);
    for (const each of document.querySelectorAll("main form[data-check]")) {
      await check(each);
    }
    refill(kept); // what could be chosen only after the check
  }
})();
