// Returns sentences about what does not fit at the width that the window has now. Pixels throughout.
() => {
  const CLICKABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab]";
  const LAYERS = "dialog, [popover], [role=menu], [role=listbox], details > :not(summary)";
  const root = document.documentElement;
  const modal = document.querySelector("dialog:modal");
  const problems = [];

  const say = (element) => {
    const words = (element.innerText || element.value || element.getAttribute("aria-label") || "").trim();
    const name = element.id ? `#${element.id}` : [...element.classList].map((each) => `.${each}`).join("");
    return `<${element.localName}${name}> "${words.replace(/\s+/g, " ").slice(0, 40)}"`;
  };
  const isShown = (element) =>
    (!modal || modal.contains(element)) &&
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const clips = (style, axis) => ["hidden", "clip"].includes(style[`overflow${axis}`]);
  const scrolls = (style, axis) => ["auto", "scroll"].includes(style[`overflow${axis}`]);
  const cross = (a, b) => ({
    left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
  });
  const ancestors = function* (element) {
    for (let each = element; each && each !== root; each = each.parentElement) yield each;
  };
  // Texts for screen readers alone are clipped to nothing, or to a pixel.
  const isForEarsOnly = (element) =>
    [...ancestors(element)].some((each) => {
      const style = getComputedStyle(each);
      const isClipped = /^inset\((50|100)%/.test(style.clipPath) || /^rect\(([01]px,? ?){4}\)/.test(style.clip);
      const isPixel = each.clientWidth <= 1 && each.clientHeight <= 1 && clips(style, "X");
      return style.position === "absolute" && (isClipped || isPixel);
    });
  // What is left of a rectangle after all that cuts or scrolls around its element.
  const seen = (rect, element) => {
    let left = rect;
    for (const each of ancestors(element)) {
      const style = getComputedStyle(each);
      if (each !== element && style.overflowX !== "visible") left = cross(left, each.getBoundingClientRect());
    }
    return left;
  };
  const isEmpty = (rect) => rect.right - rect.left < 1 || rect.bottom - rect.top < 1;
  const layer = (element) => [...ancestors(element)].find(
    (each) => each.matches(LAYERS) && ["absolute", "fixed"].includes(getComputedStyle(each).position),
  );

  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !isShown(element) || isForEarsOnly(element) || element.closest("svg")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.width >= 1 && rect.height >= 1) lines.push({ element, node, rect });
    }
  }

  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll("*")].filter(
      (each) => isShown(each) && seen(each.getBoundingClientRect(), each).right > root.clientWidth + 1,
    );
    const inner = wide.filter((each) => !wide.some((other) => other !== each && each.contains(other))).slice(0, 4);
    problems.push(`scrolls sideways: ${root.scrollWidth} in ${root.clientWidth} wide; ${inner.map(say).join(", ")}`);
  }

  // A word that anybody reads at a glance stands in one line; long ones, codes, and the key of a machine, may break.
  const LONGEST = 16;
  for (const node of new Set(lines.map((each) => each.node))) {
    if (node.parentElement.closest("code, pre, .digest")) continue;
    for (const word of node.data.replace(/SHA256:\S+/g, (key) => " ".repeat(key.length)).matchAll(/\p{L}{2,}/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].filter((each) => each.width >= 1).map((each) => Math.round(each.top)));
      if (tops.size > 1 && word[0].length <= LONGEST) problems.push(`"${word[0]}" is broken in ${say(node.parentElement)}`);
    }
  }

  const cut = new Set();
  for (const { element, rect } of lines) {
    const slack = rect.height / 4; // a line's rectangle is that of the font, higher than a tight line
    let within = { X: false, Y: false }; // a scrolling ancestor: the text can be brought into view
    let boxed = false;
    for (const each of ancestors(element)) {
      const style = getComputedStyle(each);
      if (style.display === "inline" || style.display === "contents") continue;
      const box = each.getBoundingClientRect();
      const over = {
        X: rect.right > box.right + 1 || rect.left < box.left - 1,
        Y: rect.bottom > box.bottom + slack || rect.top < box.top - slack,
      };
      for (const axis of ["X", "Y"]) {
        if (scrolls(style, axis)) within[axis] = true;
        if (over[axis] && !within[axis] && clips(style, axis)) cut.add(each);
        if (over[axis] && !within[axis] && !boxed && !clips(style, axis)) {
          problems.push(`text spills out of ${say(each)}`);
        }
      }
      boxed = true;
    }
    if (!within.X && rect.left < -1 && rect.right > 0) problems.push(`text begins left of the window: ${say(element)}`);
  }
  for (const each of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(each);
    const isShort = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
    const over = each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1;
    if (isShort && over && isShown(each) && !isForEarsOnly(each)) cut.add(each);
  }
  for (const each of cut) problems.push(`text is cut off in ${say(each)}`);

  const overlap = (a, b) => {
    const both = cross(a, b);
    return { width: both.right - both.left, height: both.bottom - both.top };
  };
  // Rectangles are compared from top to bottom, each with those that begin before it ends.
  const pairs = (boxes, visit) => {
    boxes.sort((a, b) => a.rect.top - b.rect.top);
    boxes.forEach((one, index) => {
      for (let next = index + 1; next < boxes.length && boxes[next].rect.top < one.rect.bottom; next += 1) {
        if (layer(one.element) === layer(boxes[next].element)) visit(one, boxes[next]);
      }
    });
  };
  const boxes = (elements) =>
    elements.flatMap((element) =>
      [...element.getClientRects()]
        .map((rect) => ({ element, rect: seen(rect, element) }))
        .filter((each) => !isEmpty(each.rect)),
    );

  const clickable = [...document.querySelectorAll(CLICKABLE)].filter(
    (each) => isShown(each) && !isForEarsOnly(each) && getComputedStyle(each).pointerEvents !== "none",
  );
  pairs(boxes(clickable), (one, other) => {
    if (one.element.contains(other.element) || other.element.contains(one.element)) return;
    const { width, height } = overlap(one.rect, other.rect);
    if (width > 1 && height > 1) problems.push(`${say(one.element)} lies over ${say(other.element)}`);
  });

  const visibleLines = lines
    .map((each) => ({ ...each, rect: seen(each.rect, each.element) }))
    .filter((each) => !isEmpty(each.rect));
  pairs(visibleLines, (one, other) => {
    if (one.node === other.node) return;
    const { width, height } = overlap(one.rect, other.rect);
    const lower = Math.min(one.rect.bottom - one.rect.top, other.rect.bottom - other.rect.top);
    if (width > 2 && height > lower * 0.4) problems.push(`texts overlap: ${say(one.element)} and ${say(other.element)}`);
  });
  return [...new Set(problems)];
}
