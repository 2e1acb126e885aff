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
    trialTimeline(index, open),
    t.repeat ? el("p", {}, `To run it again (trial seed ${t.seed}):`) : null,
    t.repeat ? el("pre", { tabindex: 0 }, el("code", {}, t.repeat)) : null,
    t.trace ? el("p", { class: "note" }, "trace: " + t.trace) : null);
}

// whys are the detectors' own words for the detections.
function whys(index) {
  const marks = data.timelines[index]?.marks ?? [];
  return marks.filter((m) => m.what === "detection").map((d) => marks.find((m) => m.what === "suspect" && m.side === d.side && m.at === d.at))
    .filter((m) => m?.says).map((m) => `why the ${m.side} suspected, times counted from the trial's start: ${m.says}`);
}

const numbers = [
  ["phase", (s) => s.phase ?? "-"],
  ["detection, s", (s) => seconds(s.detection)],
  ["end, s", (s) => seconds(s.end) + (s.cause ? ` (${s.cause})` : "")],
  ["hang-up, s", (s) => seconds(s.hangup)],
  ["mistakes", (s) => s.mistakes ?? 0],
  ["recovery, s", (s) => seconds(s.recovery)],
  ["harness error, s", (s) => seconds(s.error)],
  ["doubt, s", (s) => seconds(s.doubt)],
];

function trialNumbers(t) {
  return table("Numbers of both sides", ["", ...sides], numbers.map(([name, of]) => [name, String(of(t.client)), String(of(t.server))]));
}

function trialTimeline(index, open) {
  const line = data.timelines[index];
  if (!line || !line.zero) {
    const why = line ? line.missing : data.trials[index].trace ? "left out, to keep this file below 5 MB" : "this trial has no trace";
    return el("p", { class: "note" }, "No timeline: " + why + ".");
  }
  const d = later("Timeline", () => {
    const box = el("div", { class: "chart" });
    draw(box, "timeline", timelineData(index, line), (spec, width) => {
      for (const part of spec.vconcat) part.width = width - 78;
    });
    return [
      el("figure", {},
        el("figcaption", {}, explain(index, line), line.missing ? el("span", { class: "note" }, ` (${line.missing})`) : null), box),
      el("p", { class: "note" }, "Ticks are frames, long ones beats; red ones never arrived. Circle: session up. Triangle: suspicion (down) or trust (up). Cross: session down. Square: closed in order. Diamond: hang-up, as the network saw it. Below: how long each side's detector still waits; at 0 it suspects."),
      later("The same as a table", () => [timelineTable(line)]),
    ];
  });
  d.classList.add("timeline");
  d.open = open;
  return d;
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
    if (f.says) parts.push(`${f.kind} from ${seconds(f.from)} to ${seconds(f.to)} s: ${f.says}.`);
  }
  return `Time in seconds since ${line.zero}. ` + parts.join(" ");
}

// timelineData are the chart's data sets.
function timelineData(index, line) {
  const cell = cellOf(data.trials[index]), group = data.groups[cell.group];
  const lane = (side) => (side === "server" ? 1 : 0);
  const messages = (line.frames ?? []).map((f) => ({
    what: `${f.kind} ${f.kind === "hello" ? "" : f.seq}`, kind: f.kind, from: f.from, sent: f.sent, heard: f.heard ?? null,
    fate: f.heard == null ? "never arrived" : "arrived", y: lane(f.from), y2: 1 - lane(f.from),
    end: f.heard ?? f.sent, stub: lane(f.from) === 0 ? 0.18 : 0.82,
  }));
  // What happens at the same instant stands beside its lane, not on one point.
  const away = { suspect: 0.18, trust: 0.18, down: 0.3, closed: 0.3, hangup: 0.42, canary: 0.18, damaged: 0.3 };
  const marks = (line.marks ?? []).map((m) => {
    const y = m.side === "" ? 0.5 : lane(m.side), out = y === 1 ? 1 : -1;
    return { ...m, says: m.says ?? "", place: y + out * (away[m.what] ?? 0), label: y - out * 0.32 };
  });
  return {
    messages: messages.filter((m) => m.heard != null),
    lost: messages.filter((m) => m.heard == null),
    faults: (line.faults ?? []).map((f) => ({ ...f, says: f.says ?? "" })),
    window: group && line.zero === "the fault" ? [{ lo: group.lo, hi: group.hi }] : [],
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
