"use strict";
// The matrix: a row for each cell, which headings sort and the form filters.
const spread = (s) => (s ? s.map((t) => t.toFixed(3)).join(" / ") : "-");
const both = (c, of) => `${of(c.client)} + ${of(c.server)}`;
const last = (s) => (s ? s.at(-1) : -1);
const columns = [
  { head: "Scenario", text: (c) => c.scenario },
  { head: "Policy", text: (c) => c.policy },
  { head: "Profile", text: (c) => c.profile },
  { head: "On", text: (c) => c.on, hidden: new Set(data.cells.map((c) => c.on)).size < 2 },
  { head: "Verdict", text: (c) => c.says, rank: (c) => data.verdicts.indexOf(c.verdict), class: (c) => "verdict " + c.verdict.replace(" ", "-") },
  { head: "Client T_D", text: (c) => spread(c.client.detection), rank: (c) => last(c.client.detection) },
  { head: "Server T_D", text: (c) => spread(c.server.detection), rank: (c) => last(c.server.detection) },
  { head: "Mistakes", text: (c) => both(c, (s) => s.mistakes ?? 0), rank: (c) => (c.client.mistakes ?? 0) + (c.server.mistakes ?? 0) },
  { head: "Client recovery", text: (c) => spread(c.client.recovery), rank: (c) => last(c.client.recovery) },
  { head: "Server recovery", text: (c) => spread(c.server.recovery), rank: (c) => last(c.server.recovery) },
  { head: "Beats/h", text: (c) => both(c, (s) => s.beats ?? 0), rank: (c) => (c.client.beats ?? 0) + (c.server.beats ?? 0) },
  { head: "Bytes/h", text: (c) => both(c, (s) => s.bytes ?? 0), rank: (c) => (c.client.bytes ?? 0) + (c.server.bytes ?? 0) },
].filter((c) => !c.hidden);
const measured = new Set(["Client T_D", "Server T_D", "Mistakes", "Client recovery", "Server recovery", "Beats/h", "Bytes/h"]);

function matrix() {
  const form = document.getElementById("filters"), body = document.querySelector("#matrix tbody");
  const trialsOf = data.cells.map(() => []);
  data.trials.forEach((t, i) => trialsOf[t.cell]?.push(i));
  const rows = data.cells.map((cell, index) => ({
    cell, index, text: columns.map((c) => c.text(cell)).join(" ").toLowerCase() + " " + cell.on.toLowerCase(),
  }));
  for (const name of ["scenario", "policy", "profile", "verdict"]) {
    const values = [...new Set(data.cells.map((c) => c[name]))];
    form[name].append(el("option", { value: "" }, "all"), ...values.map((v) => el("option", { value: v }, v)));
  }
  let sort = { column: columns.findIndex((c) => c.head === "Verdict"), up: true };

  const row = ({ cell, index }) => el("tr", {},
    ...columns.map((c, i) => {
      const text = measured.has(c.head) && !cell.judged ? "-" : c.text(cell);
      return i === 0 ? el("th", { scope: "row" }, text) : el("td", { class: c.class ? c.class(cell) : c.rank ? "number" : null }, text);
    }),
    el("td", {}, trialsOf[index].length === 0 ? "-" : el("button", {
      type: "button", "aria-label": `Trials of ${cell.scenario} under ${cell.policy}/${cell.profile}`,
      onclick: () => showTrials(trialsOf[index]),
    }, String(trialsOf[index].length))));

  const update = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter((w) => w);
    const kept = rows.filter(({ cell, text }) =>
      ["scenario", "policy", "profile", "verdict"].every((n) => form[n].value === "" || cell[n] === form[n].value) &&
      words.every((w) => text.includes(w)));
    const c = columns[sort.column], key = c.rank ?? c.text;
    kept.sort((a, b) => {
      const x = key(a.cell), y = key(b.cell);
      const order = typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true });
      return sort.up ? order : -order;
    });
    form.count.value = `${kept.length} of ${rows.length} rows`;
    body.replaceChildren();
    more(document.getElementById("matrix-more"), kept, 200, "rows", (portion) => body.append(...portion.map(row)));
  };

  const heads = columns.map((c, i) => el("th", { scope: "col" }, el("button", { type: "button", onclick: () => {
    sort = { column: i, up: sort.column === i ? !sort.up : true };
    mark();
    update();
  } }, c.head)));
  const mark = () => heads.forEach((h, i) => {
    if (i === sort.column) h.setAttribute("aria-sort", sort.up ? "ascending" : "descending");
    else h.removeAttribute("aria-sort");
  });
  document.querySelector("#matrix thead").append(el("tr", {}, ...heads, el("th", { scope: "col" }, "Trials")));
  form.addEventListener("input", update);
  form.addEventListener("submit", (e) => e.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  mark();
  update();
}
