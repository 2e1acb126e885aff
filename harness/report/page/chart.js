"use strict";
// The charts are Vega-Lite specifications; here they get their data and their
// width. Their colours are the page's, so that they follow its scheme.
const theme = {
  background: "transparent", font: "system-ui, sans-serif", padding: 2,
  view: { stroke: "var(--line)" },
  axis: { labelColor: "var(--text)", titleColor: "var(--text)", gridColor: "var(--line)", domainColor: "var(--line)", tickColor: "var(--line)", labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal" },
  legend: { labelColor: "var(--text)", titleColor: "var(--text)", labelFontSize: 12, orient: "top", title: null },
  header: { labelColor: "var(--text)", labelFontSize: 13 },
  title: { color: "var(--text)" },
  text: { color: "var(--text)" },
  aria: false, // a table stands behind each chart
};

// timed leaves only those sides in a scale, and so in its legend, that a chart has
// something of.
function timed(scale, items) {
  const has = scale.domain.map((side) => items.some((d) => d.side === side));
  for (const part of ["domain", "range"]) scale[part] = scale[part].filter((_, i) => has[i]);
}

// draw draws a chart into a box, again whenever the box's width changes. size
// sets a specification's width; it returns nothing.
function draw(box, name, datasets, size, click) {
  let width = 0, drawing = Promise.resolve();
  const again = async () => {
    const now = Math.floor(box.clientWidth);
    if (now === 0 || now === width) return;
    width = now;
    const spec = structuredClone(data.charts[name]);
    spec.datasets = structuredClone(datasets);
    size(spec, width);
    const { view } = await vegaEmbed(box, spec, { mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, ast: true, logLevel: vega.Error, config: theme, tooltip: { theme: "custom" } });
    const tip = document.getElementById("vg-tooltip-element");
    if (tip) (box.closest("dialog") ?? document.body).append(tip); // above an open dialog is only what is in it
    if (click) view.addEventListener("click", (_, item) => { if (item?.datum?.trial != null) click(item.datum.trial); });
    box.view = view;
    box.dataset.drawn = "yes";
    performance.mark("drawn");
  };
  new ResizeObserver(() => { drawing = drawing.then(again); }).observe(box);
}
