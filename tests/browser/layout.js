// What is wrong with the page in the window as it is now: each function answers with sentences.

const called = (element) => {
  const { tagName, className, textContent } = element;
  const name = className ? `${tagName}.${className}` : tagName;
  return `${name} “${textContent.trim().slice(0, 30)}”`;
};

const shown = (element) =>
  element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

const up = function* (element) {
  for (; element; element = element.parentElement) yield [element, getComputedStyle(element)];
};

/** Whether only a screen reader reads it. */
const unseen = (element) => {
  for (const [one, style] of up(element)) {
    if (style.clip !== "auto" || style.clipPath === "inset(50%)") return true;
    if (parseFloat(style.textIndent) < -100) return true;
  }
  return false;
};

/** What is left of a box where others scroll it out of sight, or null. */
const in_sight = (box) => {
  let { left, right, top, bottom } = box;
  for (const [one, style] of up(box.element.parentElement)) {
    if (one === document.body) break;
    if (!/auto|scroll/.test(style.overflowX + style.overflowY)) continue;
    const frame = one.getBoundingClientRect();
    left = Math.max(left, frame.left);
    right = Math.min(right, frame.right);
    top = Math.max(top, frame.top);
    bottom = Math.min(bottom, frame.bottom);
  }
  return left < right && top < bottom ? { ...box, left, right, top, bottom } : null;
};

/** The lines of text, each as high as its small letters, so that lines may stand close. */
const lines = () => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || !shown(element) || element.closest("select, svg")) continue;
    if (unseen(element)) continue;
    range.selectNodeContents(text);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const third = (bottom - top) / 3;
      found.push({ text, element, left, right, top: top + third, bottom: bottom - third });
    }
  }
  return found;
};

/** Where something is filled in: what padding keeps free may hold a button. */
const fields = () =>
  [...document.querySelectorAll("input:not([type=hidden]), select, textarea, img")]
    .filter((element) => shown(element) && !unseen(element))
    .map((element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      const [start, end] = [left + parseFloat(paddingLeft), right - parseFloat(paddingRight)];
      return { element, left: start, right: end, top, bottom };
    });

const within = (line, box) =>
  line.left > box.left - 1 &&
  line.right < box.right + 1 &&
  line.top > box.top - 1 &&
  line.bottom < box.bottom + 1;

/** The first box around a line that it does not fit into, if it isn't one that scrolls. */
const too_small = (line) => {
  let painted = false;
  for (const [one, style] of up(line.element)) {
    if (one === document.body) break;
    if (style.display === "inline" || style.display === "contents") continue;
    if (/auto|scroll/.test(style.overflowX)) return null;
    const paints = style.backgroundColor !== "rgba(0, 0, 0, 0)" || style.borderTopStyle !== "none";
    const bounds = style.overflow !== "visible" || (paints && !painted);
    painted ||= paints;
    if (bounds && !within(line, one.getBoundingClientRect())) return called(one);
  }
  const { clientWidth } = document.documentElement;
  return line.left < -1 || line.right > clientWidth + 1 ? "the window" : null;
};

/** WCAG 1.4.4, 1.4.10, 1.4.12: all can be read, without scrolling sideways. */
const crowded = () => {
  const wrong = [];
  if (document.documentElement.scrollWidth > window.innerWidth) wrong.push("It scrolls sideways");
  const all = lines();
  for (const line of all) {
    const box = too_small(line);
    if (box) wrong.push(`${called(line.element)} does not fit into ${box}`);
  }
  const boxes = [...all, ...fields()].map(in_sight).filter(Boolean);
  boxes.sort((one, other) => one.top - other.top);
  boxes.forEach((one, index) => {
    for (const other of boxes.slice(index + 1)) {
      if (other.top >= one.bottom - 1) break;
      if (one.left >= other.right - 1 || other.left >= one.right - 1) continue;
      if (one.text && one.text === other.text) continue;
      wrong.push(`${called(one.element)} lies over ${called(other.element)}`);
    }
  });
  return wrong;
};

/** WCAG 2.3.3, for those who prefer reduced motion. */
const moving = () => {
  const takes_time = (list) => list.split(", ").some((duration) => parseFloat(duration) > 0);
  const moves = ({ transitionProperty, transitionDuration, animationName, animationDuration }) =>
    (transitionProperty !== "none" && takes_time(transitionDuration)) ||
    (animationName !== "none" && takes_time(animationDuration));
  const parts = [null, "::before", "::after"];
  return [...document.querySelectorAll("*")]
    .filter((one) => parts.some((part) => moves(getComputedStyle(one, part))))
    .map((element) => `${called(element)} moves`);
};

/** WCAG 2.4.7 and 2.4.11: what has the focus shows it, and can itself be seen. */
const unfocused = () => {
  const wrong = [];
  const before = document.activeElement;
  const stops = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  for (const element of document.querySelectorAll(stops)) {
    if (element.disabled || !shown(element)) continue;
    element.focus();
    if (document.activeElement !== element) continue;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    // "auto" is the browser's own ring.
    if (outlineStyle === "none" || (outlineStyle !== "auto" && parseFloat(outlineWidth) < 2))
      wrong.push(`${called(element)} does not show the focus`);
    const { width, height, top, bottom } = element.getBoundingClientRect();
    if (Math.min(width, height) < 2 || bottom < 0 || top > window.innerHeight)
      wrong.push(`${called(element)} has the focus out of sight`);
  }
  document.activeElement.blur();
  if (before !== document.body) before.focus();
  window.scrollTo(0, 0);
  return wrong;
};

/** Where the system chooses the colours, a border is what is left of a control's shape. */
const unbounded = () => {
  const others = "[type=hidden], [type=checkbox], [type=radio], [type=image], [type=file]";
  const shaped = `button, .button, input:not(${others}), select, textarea`;
  return [...document.querySelectorAll(shaped)]
    .filter((one) => shown(one) && getComputedStyle(one).borderBottomStyle === "none")
    .map((element) => `${called(element)} has no border`);
};

const spacing = new CSSStyleSheet();
spacing.replaceSync(`
  * {
    line-height: 1.5 !important;
    letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important;
  }
  p { margin-block-end: 2em !important; }
`);

/** Set the text as far apart as WCAG 1.4.12 says that a reader may. */
const space = () => { document.adoptedStyleSheets = [spacing]; };
const unspace = () => { document.adoptedStyleSheets = []; };

/** Addresses, numbers and codes, which have one order of characters in every language. */
const READ_FROM_LEFT = new RegExp(
  [
    "[\\w.+-]+@[\\w.-]+\\w", // email
    "https?://[^\\s()]*\\w",
    "\\d+\\.\\d+\\.\\d+\\.\\d+",
    "[\\da-f]*:[\\da-f]*:[\\da-f:]*", // IPv6
    "\\+\\d[\\d •]+\\d",
    "\\d{4} \\d{4}",
    "\\b[\\dA-Za-z]{4,}(?:-[\\dA-Za-z]{4,})+", // codes in groups, UUIDs
    "localhost:\\d+",
  ].join("|"),
  "g",
);

/** What is shown in another order than it is written, where text goes from right to left. */
const reordered = () => {
  const wrong = [];
  const range = document.createRange();
  const at = (text, index) => {
    range.setStart(text, index);
    range.setEnd(text, index + 1);
    return range.getBoundingClientRect();
  };
  for (const text of new Set(lines().map((line) => line.text))) {
    for (const { 0: value, index } of text.data.matchAll(READ_FROM_LEFT)) {
      for (let n = index + 1; n < index + value.length; n += 1) {
        const [before, after] = [at(text, n - 1), at(text, n)];
        if (before.width && after.width && before.top === after.top && after.left < before.left) {
          wrong.push(`${called(text.parentElement)} turns ${value} around`);
          break;
        }
      }
    }
  }
  for (const field of document.querySelectorAll(
    "[autocomplete=one-time-code], [inputmode=numeric], [inputmode=email], [type=email], " +
      "[type=tel], [type=url]",
  ))
    if (shown(field) && getComputedStyle(field).direction !== "ltr")
      wrong.push(`what is typed into ${field.name} goes from right to left`);
  return wrong;
};

globalThis.layout = { crowded, moving, reordered, unfocused, unbounded, space, unspace };
