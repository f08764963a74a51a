// A long form in steps: one is shown at a time. Without scripts all of them stand below each other.
"use strict";

(() => {
  const steps = () => [...document.querySelectorAll("main [data-step]")];
  const stepOf = (element) => steps().find((each) => each.contains(element));
  let current = "";

  function show(step, isMoving) {
    if (!step) {
      return;
    }
    const all = steps();
    const index = all.indexOf(step);
    current = step.id;
    all.forEach((each) => {
      each.hidden = each !== step;
    });
    document.querySelectorAll("[data-to]").forEach((each) => {
      if (each.dataset.to === step.id) {
        each.setAttribute("aria-current", "step");
      } else {
        each.removeAttribute("aria-current");
      }
    });
    document.querySelectorAll("[data-move]").forEach((each) => {
      each.hidden = !all[index + Number(each.dataset.move)];
    });
    if (isMoving) {
      const heading = step.querySelector("h2");
      heading.tabIndex = -1;
      heading.focus();
    }
  }

  // What is wrong is shown before what is looked at.
  function showWrong() {
    const wrong = [...document.querySelectorAll("[data-step] .field-error")].find((each) => each.textContent.trim());
    show(stepOf(wrong ?? null) ?? document.getElementById(current) ?? steps()[0]);
  }

  document.addEventListener("click", (event) => {
    const to = event.target.closest("[data-to]");
    const move = event.target.closest("[data-move]");
    const sending = event.target.closest("form.wizard button:not([type=button]):not([formnovalidate])");
    if (to) {
      show(document.getElementById(to.dataset.to), true);
    } else if (move) {
      const all = steps();
      show(all[all.findIndex((each) => each.id === current) + Number(move.dataset.move)], true);
    } else if (sending) {
      // The browser says what is missing beside the field, which has to be seen for that.
      show(stepOf([...sending.form.elements].find((each) => each.willValidate && !each.validity.valid) ?? null));
    }
  });

  document.addEventListener("page:changed", (event) => {
    if (event.detail?.id === "main") {
      showWrong();
    }
  });
  showWrong();
})();
