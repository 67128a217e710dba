// What the tests ask of a page; evaluated as in the developer's console, so that the page's policy stays.
globalThis.probe = (() => {
  const texts = (root = document.body) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const node = walker.currentNode, parent = node.parentElement;
      if (node.data.trim() && !parent.closest("script, style, title, desc")) found.push(node);
    }
    return found;
  };
  const rects = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter((r) => r.width > 0 && r.height > 0);
  };
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true, opacityProperty: true });
  const ancestors = function* (element) {
    for (let at = element; at; at = at.parentElement) yield at;
  };
  const scroller = (element) => [...ancestors(element)].find((at) => at !== document.documentElement
    && at !== document.body && ["auto", "scroll"].includes(getComputedStyle(at).overflowX));
  const clipped = (element) => [...ancestors(element)].some((at) => getComputedStyle(at).clipPath !== "none");
  const brief = (text) => text.trim().replace(/\s+/g, " ").slice(0, 60);

  // --- colours
  const colour = (text) => {
    const found = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
    if (!found) throw new Error(`not a colour that is understood: ${text}`);
    return found.slice(1).map((value) => (value === undefined ? 1 : Number(value)));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one.slice(0, 3)), luminance(other.slice(0, 3))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (const at of ancestors(element)) {
      const style = getComputedStyle(at);
      const found = colour(style.backgroundColor);
      if (style.backgroundImage !== "none") throw new Error("a background that is an image");
      if (found[3] === 1) return found;
      if (found[3] !== 0) throw new Error("a background that is half transparent");
    }
    throw new Error("no background");
  };
  const pairs = () => {
    const found = new Map();
    const add = (element, of, text) => {
      const front = colour(of.color), back = behind(element);
      found.set(`${front} on ${back}`, { front, back, ratio: ratio(front, back), text: brief(text), opaque: front[3] === 1 });
    };
    for (const node of texts()) {
      if (seen(node.parentElement)) add(node.parentElement, getComputedStyle(node.parentElement), node.data);
    }
    for (const element of document.querySelectorAll("body *")) {
      for (const pseudo of ["::before", "::after"]) {
        const style = getComputedStyle(element, pseudo);
        if (!["none", "normal"].includes(style.content) && seen(element)) add(element, style, style.content);
      }
    }
    return [...found.values()];
  };
  const marks = () => {
    const found = new Map();
    for (const element of document.querySelectorAll("svg .whisker, svg .dot, svg .square, svg .edge, svg .band, svg .bound, svg .nothing")) {
      if (!seen(element)) continue;
      const style = getComputedStyle(element);
      const paint = element.matches(".dot") ? style.fill : style.stroke;
      const kind = element.getAttribute("class"), back = behind(element);
      found.set(`${kind} ${paint} on ${back}`, { kind, ratio: ratio(colour(paint), back) });
    }
    return [...found.values()];
  };

  // --- room
  const overflowing = () => {
    const width = document.documentElement.clientWidth, found = [];
    for (const node of texts()) {
      const parent = node.parentElement;
      if (!seen(parent) || parent.closest(".skip") || scroller(parent)) continue;
      for (const r of rects(node)) if (r.right > width + 1 || r.left < -1) { found.push(brief(node.data)); break; }
    }
    return { page: document.documentElement.scrollWidth - width, texts: found };
  };
  const overlapping = () => {
    const boxes = [];
    for (const node of texts()) {
      const parent = node.parentElement;
      if (!seen(parent) || clipped(parent)) continue;
      const inside = scroller(parent)?.getBoundingClientRect();
      for (const r of rects(node)) {
        const box = { node, left: r.left, right: r.right, top: r.top, bottom: r.bottom };
        if (inside) {
          box.left = Math.max(box.left, inside.left); box.right = Math.min(box.right, inside.right);
          box.top = Math.max(box.top, inside.top); box.bottom = Math.min(box.bottom, inside.bottom);
        }
        if (box.right - box.left > 1 && box.bottom - box.top > 1) boxes.push(box);
      }
    }
    boxes.sort((a, b) => a.top - b.top);
    const found = [];
    boxes.forEach((a, i) => {
      for (let j = i + 1; j < boxes.length && boxes[j].top < a.bottom; j += 1) {
        const b = boxes[j];
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - b.top;
        if (a.node !== b.node && wide > 2 && high > 5) found.push([brief(a.node.data), brief(b.node.data)]);
      }
    });
    return found;
  };
  // Texts that have no place on the page, but for those that are meant to have none (a selector).
  const unseen = (but) => texts()
    .filter((node) => !(but && node.parentElement.closest(but)))
    .filter((node) => !seen(node.parentElement) || !rects(node).length)
    .map((node) => brief(node.data));

  const box = (selector) => {
    const r = document.querySelector(selector).getBoundingClientRect();
    return { x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: Math.min(r.height, 8000) };
  };
  const unfold = (whole) => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    if (whole) for (const button of document.querySelectorAll(".controls button:last-of-type")) button.click();
  };
  const focus = () => {
    const at = document.activeElement;
    return { tag: at.tagName, text: brief(at.textContent), id: at.id, skip: at.matches(".skip"), main: Boolean(at.closest("main")),
      outlined: getComputedStyle(at).outlineStyle !== "none", left: at.getBoundingClientRect().left };
  };
  return { pairs, marks, overflowing, overlapping, unseen, box, unfold, focus, seen };
})();
