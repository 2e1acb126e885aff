"use strict";
// One trial: what went wrong, its numbers, its timeline, how to repeat it.
function trialArticle(index, level, open) {
  const t = data.trials[index], cell = cellOf(t);
  const attempt = t.attempt ? `, attempt ${t.attempt}` : "";
  return el("article", { class: "trial", "data-trial": index },
    el(level, {}, el("span", { class: "verdict " + t.verdict.replace(" ", "-") }, t.superseded ? t.verdict + ", retried" : t.verdict),
      ` ${cell.scenario} under ${cell.policy}/${cell.profile}, phase ${t.phase}${attempt}`),
    t.story ? el("ul", {}, ...[...t.story, ...whys(index)].map((line) => el("li", {}, line))) : null,
    trialNumbers(t),
    later("What these numbers are", () => [el("p", { class: "note" }, meanings)]),
    t.links ? table("Connections that were open when the fault struck", ["connection", ...sides], t.links.map((l) => [l.name, l.client, l.server])) : null,
    trialTimeline(index, open),
    t.repeat ? el("p", {}, `To run it again (trial seed ${t.seed}):`) : null,
    t.repeat ? el("pre", { tabindex: 0 }, el("code", {}, t.repeat)) : null,
    t.trace || t.output ? el("p", { class: "note" }, [t.trace ? "trace: " + t.trace : null, ...(t.output ?? []).map((path) => "output: " + path)].filter((s) => s).join(", ")) : null);
}

// whys are the detectors' own words for the detections.
function whys(index) {
  const marks = data.timelines[index]?.marks ?? [];
  return marks.filter((m) => m.what === "detection").map((d) => marks.find((m) => m.what === "suspect" && m.side === d.side && m.at === d.at))
    .filter((m) => m?.says).map((m) => `why the ${m.side} suspected, times counted from the trial's start: ${m.says}`);
}

const meanings = "Phase: where in its beat interval the fault struck the side; 0 just after it heard its peer, 1 just before it would have again. " +
  "Detection, end of the session and hang-up count from the fault; recovery from the fault's end to a working session. A mistake is a suspicion of a live peer. " +
  "The harness's error is how much later the side suspected than its detector alone does on the same trace; the doubt, by how much these times may be wrong, because the harness stood still.";

const numbers = [
  ["phase", (s) => s.phase ?? "-"],
  ["detection, s", (s) => s.never ?? (s.missed ? "never" : seconds(s.detection))],
  ["end, s", (s) => seconds(s.end) + (s.cause ? ` (${s.cause})` : "")],
  ["hang-up, s", (s) => seconds(s.hangup)],
  ["mistakes", mistakes],
  ["recovery, s", (s) => seconds(s.recovery)],
  ["harness error, s", (s) => seconds(s.error)],
  ["doubt, s", (s) => seconds(s.doubt)],
];

// By the wire each connection has an end of its own, in a table of its own.
const byConnection = new Set(["end, s", "hang-up, s"]);

function trialNumbers(t) {
  const rows = numbers.filter(([name]) => !t.links || !byConnection.has(name)).map(([name, of]) => [name, String(of(t.client)), String(of(t.server))]);
  return table("Numbers of both sides", ["", ...sides], rows.filter(([name, ...of]) => name === "mistakes" || of.some((text) => text !== "-")));
}

function trialTimeline(index, open) {
  const line = data.timelines[index];
  if (!line || !line.zero) {
    const why = line ? line.missing : data.trials[index].trace ? "left out, to keep this file below 5 MB" : "this trial has no trace";
    return el("p", { class: "note" }, "No timeline: " + why + ".");
  }
  const d = later("Timeline", () => {
    const box = el("div", { class: "chart" });
    draw(box, "timeline", timelineData(line), (spec, width) => {
      if (!line.reigns) withoutDeadlines(spec);
      else {
        const { color, strokeDash } = spec.vconcat[1].layer.find((l) => l.encoding.strokeDash).encoding;
        timed(color.scale, line.reigns);
        timed(strokeDash.scale, line.reigns);
      }
      for (const part of spec.vconcat) part.width = width - 78;
      spec.datasets.names = faultNames(spec.datasets, width - 78);
    });
    return [
      el("figure", {},
        el("figcaption", {}, explain(index, line), line.missing ? el("span", { class: "note" }, ` (${line.missing})`) : null), box),
      el("p", { class: "note" }, legend(line)),
      later("The same as a table", () => [timelineTable(line)]),
    ];
  });
  d.classList.add("timeline");
  d.open = open;
  return d;
}

// faultNames are what stands beside the faults of a chart of that width: one name
// for all that strike at the same instant, and a line lower where it would lie on
// another.
function faultNames({ faults, windows, messages, lost, reigns, marks, extent }, width) {
  const times = [faults, windows, messages, lost, reigns, marks, extent].flat().flatMap((d) => [d.at, d.from, d.to, d.sent, d.end]).filter((t) => typeof t === "number");
  const from = Math.min(...times), scale = width / (Math.max(...times) - from || 1);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "11px system-ui, sans-serif";
  const names = [], ends = []; // of each line, where its last name ends
  for (const f of faults.toSorted((a, b) => a.from - b.from)) {
    const before = names.at(-1);
    if (before && f.from - before.from <= 0.05) before.kinds.push(f.kind);
    else names.push({ from: f.from, kinds: [f.kind] });
  }
  return names.map(({ from: at, kinds }) => {
    const name = [...new Set(kinds)].join(", "), x = (at - from) * scale, long = pen.measureText(name).width + 8;
    const dx = Math.min(4, width - x - long); // what would run over the edge begins the sooner
    let row = ends.findIndex((end) => x + dx >= end);
    if (row < 0) row = ends.length;
    ends[row] = x + dx + long;
    return { from: at, name, dx, row };
  });
}

// withoutDeadlines takes the lower part away, which nobody's detector has filled,
// and gives its axis to the upper one.
function withoutDeadlines(spec) {
  const [lanes, deadlines] = spec.vconcat.map((part) => part.layer[0].encoding.x);
  Object.assign(lanes, { title: deadlines.title, axis: deadlines.axis });
  spec.vconcat.pop();
}

// legend says what the marks are that this timeline has.
const shapes = {
  up: "Circle: session up", suspect: "Triangle down: suspicion", trust: "Triangle up: trust again", down: "Cross: session down",
  closed: "Square: closed in order", hangup: "Diamond: hang-up, as the network saw it", dial: "Dot: a connection reached the network",
  closing: "Bar: the other's closing arrived", ended: "X: the network ended the connection", armed: "Wedge: the kernel's keepalive timer was seen", exit: "Plus: the side's process ended",
  forgets: "Triangle right: the firewall forgot the connection", canary: "Triangle right: canary byte", damaged: "Triangle left: damaged message", stall: "Dash: the process stood still",
};
function legend(line) {
  const parts = Object.entries(shapes).filter(([what]) => line.marks?.some((m) => m.what === what)).map(([, text]) => text);
  if (line.frames) parts.unshift("Ticks are frames, long ones beats; red ones never arrived");
  if (line.reigns) parts.push("Below: how long each side's detector still waits; at 0 it suspects");
  return parts.map((p) => p + ".").join(" ");
}

// explain says in words how each side's detection came about.
function explain(index, line) {
  const parts = [];
  for (const side of sides) {
    const mark = line.marks?.find((m) => m.what === "detection" && m.side === side);
    if (!mark) continue;
    const heard = (line.frames ?? []).filter((f) => f.from !== side && f.heard != null && f.heard <= mark.at).at(-1);
    const reign = (line.reigns ?? []).filter((r) => r.side === side && r.from <= mark.at).at(-1);
    let text = `The ${side} detected after ${mark.says}`;
    if (heard) text += `: it last heard its peer at ${seconds(heard.heard)} s (${heard.kind} ${heard.seq})`;
    if (reign) text += `, its last deadline was set at ${seconds(reign.from)} s and passed at ${seconds(reign.deadline)} s`;
    parts.push(text + ".");
  }
  for (const f of line.faults ?? []) {
    parts.push(`${f.kind} from ${seconds(f.from)} to ${seconds(f.to)} s${f.says ? ": " + f.says : ""}.`);
  }
  return `Time in seconds since ${line.zero}. ` + parts.join(" ");
}

// timelineData are the chart's data sets.
function timelineData(line) {
  const lane = (side) => (side === "server" ? 1 : 0);
  const messages = (line.frames ?? []).map((f) => ({
    what: `${f.kind} ${f.kind === "hello" ? "" : f.seq}`, kind: f.kind, from: f.from, sent: f.sent, heard: f.heard ?? null,
    fate: f.heard == null ? "never arrived" : "arrived", y: lane(f.from), y2: 1 - lane(f.from),
    end: f.heard ?? f.sent, stub: lane(f.from) === 0 ? 0.18 : 0.82,
  }));
  // What happens at the same instant stands beside its lane, not on one point.
  const away = { suspect: 0.18, trust: 0.18, down: 0.3, closed: 0.3, hangup: 0.42, canary: 0.18, damaged: 0.3, closing: 0.3, ended: 0.3, armed: 0.18, exit: 0.42 };
  const marks = (line.marks ?? []).map((m) => {
    const y = m.side === "" ? 0.5 : lane(m.side), out = y === 1 ? 1 : -1;
    return { ...m, says: m.says ?? "", place: y + out * (away[m.what] ?? 0), label: y - out * 0.32 };
  });
  return {
    messages: messages.filter((m) => m.heard != null),
    lost: messages.filter((m) => m.heard == null),
    faults: (line.faults ?? []).map((f) => ({ ...f, says: f.says ?? "" })),
    // A window's name stands beyond all marks.
    windows: (line.windows ?? []).map((w) => ({ ...w, side: w.side ?? "both", y: w.side === "server" ? 0.5 : -0.8, y2: w.side === "client" ? 0.5 : 1.8, label: w.side === "server" ? 1.68 : -0.64 })),
    marks: marks.filter((m) => m.what !== "detection"),
    detections: marks.filter((m) => m.what === "detection"),
    reigns: (line.reigns ?? []).map((r) => ({ ...r, left: r.deadline - r.from, rest: r.deadline - r.to })),
    extent: [{ at: line.end }],
  };
}

function timelineTable(line) {
  const rows = [];
  for (const f of line.frames ?? []) rows.push([f.sent, f.from, `sent ${f.kind} ${f.kind === "hello" ? "" : f.seq}`, f.heard == null ? "never arrived" : `heard at ${seconds(f.heard)} s`]);
  for (const r of line.reigns ?? []) rows.push([r.from, r.side, "deadline set", `to ${seconds(r.deadline)} s`]);
  for (const f of line.faults ?? []) rows.push([f.from, "network", `${f.kind} until ${seconds(f.to)} s`, f.says ?? ""]);
  for (const w of line.windows ?? []) rows.push([w.from, w.side ?? "both", `window until ${seconds(w.to)} s`, ""]);
  for (const m of line.marks ?? []) rows.push([m.at, m.side || "harness", m.what, m.says ?? ""]);
  rows.sort((a, b) => a[0] - b[0]);
  return table("Events of the trial", ["at, s", "side", "event", "detail"], rows.map((r) => [seconds(r[0]), ...r.slice(1)]));
}

// showTrials opens the dialog with the trials of a cell, or with one.
function showTrials(indices, chosen) {
  const dialog = document.getElementById("trial"), room = dialog.querySelector("div");
  const pick = (index) => {
    const list = indices.length > 1
      ? el("label", {}, "Trial ", el("select", { onchange: (e) => pick(Number(e.target.value)) },
        ...indices.map((i) => el("option", { value: i, selected: i === index }, `phase ${data.trials[i].phase}: ${data.trials[i].verdict} (${data.trials[i].id})`))))
      : null;
    room.replaceChildren(...[list, trialArticle(index, "h2", true)].filter((e) => e));
  };
  dialog.onclose = () => {
    const tip = document.getElementById("vg-tooltip-element");
    if (tip) document.body.append(tip);
    room.replaceChildren();
  };
  if (!dialog.open) dialog.showModal();
  pick(chosen ?? indices[0]);
}
