"use strict";
// The matrix: a row for each cell, which headings sort and the form filters.
const spread = (s) => (s ? s.map(milli).join(" / ") : "-");
const took = (s) => [s.detection && spread(s.detection), s.never].filter((part) => part).join(", ") || "-";
const both = (c, of) => (of(c.client) === "-" && of(c.server) === "-" ? "-" : `${of(c.client)} + ${of(c.server)}`);
// Without any beats they are not ours, or a kernel's, and nobody counts them.
const overhead = (c, of) => (c.client.beats == null && c.server.beats == null ? "-" : both(c, (s) => of(s) ?? 0));
// sum is a rank, in which what nobody counted comes before all numbers.
const sum = (text, a, b) => (text === "-" ? -1 : (a ?? 0) + (b ?? 0));
const last = (s) => (s ? s.at(-1) : -1);
const late = (s) => (s.never ? Number.MAX_VALUE : last(s.detection));
const columns = [
  { head: "Scenario", text: (c) => c.scenario },
  { head: "Policy", text: (c) => c.policy },
  { head: "Profile", text: (c) => c.profile, hidden: new Set(data.cells.map((c) => c.profile)).size < 2 },
  { head: "Verdict", text: (c) => c.says, rank: (c) => data.verdicts.indexOf(c.verdict), class: (c) => "verdict " + c.verdict.replace(" ", "-") },
  { head: "On", text: (c) => c.differs, hidden: !data.cells.some((c) => c.differs) },
  { head: "Client T_D", text: (c) => took(c.client), rank: (c) => late(c.client) },
  { head: "Server T_D", text: (c) => took(c.server), rank: (c) => late(c.server) },
  { head: "Client end", text: (c) => spread(c.client.end), rank: (c) => last(c.client.end), hidden: !data.cells.some((c) => c.client.end) },
  { head: "Server end", text: (c) => spread(c.server.end), rank: (c) => last(c.server.end), hidden: !data.cells.some((c) => c.server.end) },
  { head: "Mistakes", text: (c) => both(c, mistakes), rank: (c) => sum(both(c, mistakes), c.client.mistakes, c.server.mistakes) },
  { head: "Client recovery", text: (c) => spread(c.client.recovery), rank: (c) => last(c.client.recovery) },
  { head: "Server recovery", text: (c) => spread(c.server.recovery), rank: (c) => last(c.server.recovery) },
  { head: "Beats/h", text: (c) => overhead(c, (s) => s.beats), rank: (c) => sum(overhead(c, (s) => s.beats), c.client.beats, c.server.beats) },
  { head: "Bytes/h", text: (c) => overhead(c, (s) => s.bytes), rank: (c) => sum(overhead(c, (s) => s.beats), c.client.bytes, c.server.bytes) },
].filter((c) => !c.hidden);
const counted = new Set(["Mistakes", "Beats/h", "Bytes/h"]);

// afterVerdict puts the way to the trials where no narrow screen cuts it off.
const afterVerdict = (cells, trials) => cells.toSpliced(columns.findIndex((c) => c.head === "Verdict") + 1, 0, trials);

function matrix() {
  const form = document.getElementById("filters"), body = document.querySelector("#matrix tbody");
  const trialsOf = data.cells.map(() => []);
  data.trials.forEach((t, i) => trialsOf[t.cell]?.push(i));
  const rows = data.cells.map((cell, index) => ({
    cell, index, text: [...columns.map((c) => c.text(cell)), cell.why, cell.on].join(" ").toLowerCase(),
  }));
  for (const name of ["scenario", "policy", "profile", "verdict"]) {
    const values = [...new Set(data.cells.map((c) => c[name]))];
    form[name].append(el("option", { value: "" }, "all"), ...values.map((v) => el("option", { value: v }, v)));
  }
  let sort = { column: columns.findIndex((c) => c.head === "Verdict"), up: true };

  const row = ({ cell, index }, explained) => el("tr", { class: explained ? "explained" : null },
    ...afterVerdict(columns.map((c, i) => {
      const text = counted.has(c.head) && !cell.judged ? "-" : c.text(cell);
      return i === 0 ? el("th", { scope: "row" }, text) : el("td", { class: c.class ? c.class(cell) : c.rank ? "number" : null }, text);
    }), el("td", {}, trialsOf[index].length === 0 ? "-" : el("button", {
      type: "button", "aria-label": `Trials of ${cell.scenario} under ${cell.policy}/${cell.profile}`,
      onclick: () => showTrials(trialsOf[index]),
    }, String(trialsOf[index].length)))));

  // A reason has a line of its own, which every screen shows whole, below the last of
  // the rows that share it.
  const why = (text) => el("tr", { class: "why" }, el("td", { colspan: columns.length + 1 }, el("p", {}, text)));
  const withWhy = (r, i, portion) => {
    const text = r.cell.why, explained = text && text !== portion[i + 1]?.cell.why;
    return explained ? [row(r, true), why(text)] : [row(r, false)];
  };

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
    more(document.getElementById("matrix-more"), kept, 200, "rows", (portion) => body.append(...portion.flatMap(withWhy)));
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
  document.getElementById("matrix").classList.toggle("many", columns.length > 11);
  document.querySelector("#matrix thead").append(el("tr", {}, ...afterVerdict(heads, el("th", { scope: "col" }, "Trials"))));
  form.addEventListener("input", update);
  form.addEventListener("submit", (e) => e.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  mark();
  update();
}
