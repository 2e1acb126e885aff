"use strict";
// The fair comparison: what each detector's parameter buys, as a chart, and the
// same as a table.
function comparison() {
  const c = data.comparison;
  if (c == null) return;
  const section = document.getElementById("comparison"), room = section.querySelector("div");
  section.hidden = false;
  const number = (x) => x.toLocaleString("en", { maximumSignificantDigits: 3, maximumFractionDigits: 20 });
  const row = (p) => [p.family, p.with, seconds(p.median), seconds(p.p99), seconds(p.max), number(p.mistakes), `${number(p.least)} to ${number(p.most)}`];
  const head = ["detector", "with", "T_D median, s", "p99, s", "largest, s", "mistakes per day", "95 %"];
  // What was never seen has no place on a logarithmic axis but its bound.
  const place = (p) => ({ ...p, none: p.mistakes === 0, y: p.mistakes || p.most, low: p.least || p.mistakes || p.most, says: p.mistakes === 0 ? `none seen, at most ${number(p.most)}` : number(p.mistakes) });
  const box = el("div", { class: "chart" });
  room.append(
    el("figure", {}, el("figcaption", {}, el("h3", {}, c.title)), box),
    table("The tuned detectors", head, c.tuned.map(row)),
    ...c.says.map((line) => el("p", {}, line)),
    later("All points as a table", () => [table("Detection time against mistakes", head, c.points.map(row))]));
  draw(box, "pareto", { points: c.points.map(place), tuned: c.tuned.map(place), bound: c.bound ?? [] },
    (spec, width) => {
      spec.width = width - 90;
      // A legend that is wider than the screen would make all of the chart small.
      spec.encoding.color.legend = { columns: Math.max(1, Math.floor(width / 110)) };
    });
}
