// Returns an object that follows the Tab key: what can be reached, and what the focus is on now.
() => {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, iframe, [tabindex], [contenteditable=true]";
  const SHOWN = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "backgroundColor", "color",
    "borderTopColor", "borderTopWidth", "borderBottomColor", "borderBottomWidth", "textDecorationLine"];
  const SETTLING = 1000; // milliseconds that scrolling to the focus may take
  const modal = document.querySelector("dialog:modal");
  const inside = modal || document.body;

  const say = (element) => {
    const words = element.innerText || element.getAttribute("aria-label") || element.getAttribute("name") || "";
    const name = element.id ? `#${element.id}` : "";
    return `<${element.localName}${name}> "${words.trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  };
  const isStop = (element) => {
    if (element.tabIndex < 0 || element.matches(":disabled, [type=hidden]") || element.closest("[inert]")) return false;
    if (!element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) return false;
    if (element.localName === "summary") return element === element.parentElement.querySelector(":scope > summary");
    if (element.type !== "radio" || !element.name) return true;
    // The arrow keys move within a group: Tab stops once.
    const group = [...inside.querySelectorAll("input[type=radio]:enabled")].filter(
      (each) => each.name === element.name && each.form === element.form,
    );
    return element === (group.find((each) => each.checked) || group[0]);
  };
  // Where the focus may be shown: the element, its label, or what is drawn beside a hidden box.
  const frames = (element) => [
    element, element.closest("label"), ...(element.labels || []),
    /^(checkbox|radio)$/.test(element.type || "") && element.nextElementSibling,
  ].filter(Boolean);
  const look = (element) => frames(element).map((frame) => {
    const style = getComputedStyle(frame);
    return SHOWN.map((property) => style[property]).join("|");
  });
  const isOutlined = (element) => {
    const style = getComputedStyle(element);
    const color = style.outlineColor.match(/[\d.]+/g) || [];
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 && !(color.length === 4 && +color[3] === 0);
  };
  const isInView = (element) => {
    const shape = frames(element).map((each) => each.getClientRects()[0]).find((rect) => rect?.width > 1 && rect.height > 1);
    if (!shape) return false;
    if (shape.height > innerHeight || shape.width > innerWidth) return true;
    const x = shape.left + shape.width / 2, y = shape.top + shape.height / 2;
    const hit = document.elementFromPoint(x, y);
    return !!hit && frames(element).some((each) => each.contains(hit) || hit.contains(each));
  };
  const settled = async (element) => {
    const running = frames(element).flatMap((frame) => frame.getAnimations());
    await Promise.allSettled(running.filter((each) => each.effect.getComputedTiming().endTime < 5000).map((each) => each.finished));
    const end = performance.now() + SETTLING;
    while (!isInView(element) && performance.now() < end) await new Promise(requestAnimationFrame);
  };

  // Tab goes on from where a removed element was: here, from the beginning.
  const start = document.createElement("span");
  start.tabIndex = -1;
  inside.prepend(start);
  start.focus({ preventScroll: true });
  start.remove();

  const stops = [...inside.querySelectorAll(FOCUSABLE)].filter(isStop);
  const plain = new Map([...inside.querySelectorAll("*")].map((each) => [each, look(each)]));
  const visited = [];

  return {
    count: stops.length,
    // One step was made: {at: words or null where the page was left, problems, stays}
    step: async () => {
      const element = document.activeElement;
      if (!element || element === document.body || element === document.documentElement) return { at: null, problems: [] };
      const last = visited.at(-1);
      if (element === last) return { at: say(element), problems: [], stays: true };
      if (visited.includes(element)) return { at: null, problems: [] };
      visited.push(element);
      await settled(element);
      const problems = [];
      const changed = (plain.get(element) || []).some((each, index) => each !== look(element)[index]);
      if (!isOutlined(element) && !changed) problems.push(`the focus cannot be seen on ${say(element)}`);
      if (!isInView(element)) problems.push(`${say(element)} is hidden or covered while it has the focus`);
      if (last && !(last.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) {
        problems.push(`${say(element)} comes after ${say(last)}, against the order of the page`);
      }
      return { at: say(element), problems, parts: /^(date|time|month|week|datetime-local)$/.test(element.type || "") };
    },
    rest: () => [
      ...stops.filter((each) => each.tabIndex > 0).map((each) => `${say(each)} jumps the order of the page by its tabindex`),
      ...stops.filter((each) => !visited.includes(each)).map((each) => `Tab does not reach ${say(each)}`),
    ],
  };
}
