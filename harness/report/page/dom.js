"use strict";
// What the report says, and how to put it on the page: every text goes through
// textContent, so that none becomes markup.
const data = JSON.parse(document.getElementById("data").textContent);
const sides = ["client", "server"];

// el makes an element: el("p", {class: "bad"}, "text", child, ...).
function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (value === true) e.setAttribute(key, "");
    else if (value !== false && value != null) e.setAttribute(key, value);
  }
  e.append(...children.filter((c) => c != null));
  return e;
}

// milli is a time with milliseconds, as the other reports have it: between two,
// as only odd sixteenths of a second are exactly, the even one.
const milli = (t) => {
  const up = t.toFixed(3), between = Math.abs(t * 16) % 2 === 1;
  return between && Number(up.at(-1)) % 2 === 1 ? (t - Math.sign(t) * 0.0005).toFixed(3) : up;
};

// seconds is the same; "-": there was none.
const seconds = (t) => (t == null ? "-" : milli(t));

// mistakes are a side's; "-": nobody counted them.
const mistakes = (s) => (s.uncounted ? "-" : s.mistakes ?? 0);

// table makes a table that scrolls by itself; its first column names the rows.
function table(label, head, rows) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    el("table", {},
      el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col" }, h)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell, i) =>
        i === 0 ? el("th", { scope: "row" }, cell) : el("td", {}, cell)))))));
}

// later is a details element whose content is made when it is first opened.
function later(summary, make) {
  const d = el("details", { ontoggle: () => {
    if (d.open && d.childElementCount === 1) d.append(...make());
  } }, el("summary", {}, summary));
  return d;
}

// more shows items in portions; the button asks for the next one.
function more(button, items, portion, what, show) {
  let shown = 0;
  button.onclick = () => {
    show(items.slice(shown, shown + portion));
    shown = Math.min(items.length, shown + portion);
    button.hidden = shown === items.length;
    button.textContent = `Show ${Math.min(portion, items.length - shown)} more of ${items.length} ${what}`;
  };
  button.onclick();
}

function cellOf(trial) {
  return data.cells[trial.cell] ?? { scenario: trial.id, policy: "", profile: "", group: -1 };
}
