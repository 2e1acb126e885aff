"use strict";
// The failures, and a chart of detection times for each group of cells.
function failures() {
  const section = document.getElementById("failures");
  if (data.failures.length === 0) return;
  section.hidden = false;
  more(section.querySelector(".more"), data.failures, 20, "failures", (portion) => {
    for (const index of portion) {
      section.querySelector(".list").append(trialArticle(index, "h3", data.failures.indexOf(index) < 3));
    }
  });
}

function detections() {
  const dots = data.groups.map(() => []);
  data.trials.forEach((t, index) => {
    const cell = cellOf(t);
    for (const side of sides) {
      const s = t[side];
      if (s.dot == null && !s.missed) continue;
      dots[cell.group]?.push({
        trial: index, id: t.id, scenario: cell.scenario, policy: cell.policy, side, phase: t.phase, own: s.phase ?? "-",
        took: s.dot ?? null, says: s.dot == null ? "never detected" : seconds(s.dot) + " s", never: s.dot == null, broken: s.broken ?? false, verdict: t.verdict, trace: t.trace,
      });
    }
  });
  const room = document.getElementById("detections");
  data.groups.forEach((group, i) => {
    if (dots[i].length === 0) return;
    const box = el("div", { class: "chart" });
    room.append(el("figure", {}, el("figcaption", {}, el("h3", {}, group.title)), box),
      later("The same as a table", () => [table("Detection times", ["trial", "side", "phase", "own phase", "T_D, s", "verdict"],
        dots[i].map((d) => [el("button", { type: "button", onclick: () => showTrials([d.trial]) }, d.id), d.side, String(d.phase), String(d.own), d.took == null ? "never" : seconds(d.took), d.verdict]))]));
    draw(box, "detections", { dots: dots[i], window: group.hi > 0 ? [{ lo: group.lo, hi: group.hi }] : [] },
      (spec, width) => {
        spec.spec.width = width - 130;
        const { color, shape } = spec.spec.layer.find((l) => l.encoding.shape).encoding;
        timed(color.scale, dots[i]);
        timed(shape.scale, dots[i]);
      }, (trial) => showTrials([trial]));
  });
  if (room.childElementCount === 0) room.append(el("p", { class: "note" }, "No trial had a detection to show."));
}

failures();
comparison();
matrix();
detections();
