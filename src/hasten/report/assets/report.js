// Draws what the page embeds as JSON, and makes tables, flame graphs and the theme answer to the reader.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  const data = JSON.parse($("charts").textContent);
  root.classList.add("js");

  // --- numbers ------------------------------------------------------------------------------------------------------
  const figures = (x, n = 3) => Number(x.toPrecision(n)).toString();
  const seconds = (s) =>
    s >= 120 ? `${Math.floor(s / 60)} min ${Math.round(s % 60)} s` : s >= 1 ? `${figures(s)} s` : s >= 1e-3 ? `${figures(s * 1e3)} ms` : `${figures(s * 1e6)} µs`;
  const megabytes = (m) => (m < 1 ? `${figures(m * 1000)} KB` : `${figures(m)} MB`);
  const cut = (text, n = 60) => (text.length > n ? text.slice(0, n - 1) + "…" : text);

  // --- theme --------------------------------------------------------------------------------------------------------
  const theme = $("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const store = (word) => { try { localStorage.setItem("hasten-theme", word); } catch { /* a file may have no storage */ } };
  const stored = () => { try { return localStorage.getItem("hasten-theme"); } catch { return null; } };
  const told = () => {
    theme.setAttribute("aria-pressed", String(isDark()));
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", isDark() ? "Change to light" : "Change to dark");
    theme.removeAttribute("aria-pressed");
  };
  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; store(root.dataset.theme); told(); });
  system.addEventListener("change", told);
  told();

  // --- charts -------------------------------------------------------------------------------------------------------
  const OLD = "var(--old)", NEW = "var(--new)", SOFT = "var(--soft)";
  const tip = { fill: "var(--card)", stroke: "var(--line)" };
  const style = { background: "transparent", fontSize: "12px", fontFamily: "inherit", overflow: "visible" };
  const charts = {
    runs(width) {
      const c = data.runs;
      if (!c) return null;
      const rows = [
        ...c.base.map((r, i) => ({ side: "original", kind: "baseline run", n: i + 1, s: r[0], cpu: r[1], mb: r[2] })),
        ...c.old.map((r, i) => ({ side: "original", kind: "original, pair", n: i + 1, s: r[0], cpu: r[1], mb: r[2] })),
        ...c.new.map((r, i) => ({ side: c.name, kind: `${c.name}, pair`, n: i + 1, s: r[0], cpu: r[1], mb: r[2] })),
      ];
      const told = (d) => `${d.kind} ${d.n}\n${seconds(d.s)} wall, ${seconds(d.cpu)} CPU\n${megabytes(d.mb)} at the peak`;
      const colour = (d) => (d.side === "original" ? OLD : NEW);
      const top = d3.max(rows, (d) => d.s) * 1.04;
      return Plot.plot({
        width, height: 236, marginLeft: 78, marginRight: 20, marginBottom: 42, style, ariaLabel: "Seconds of every run, original and optimised",
        x: { domain: [0, top], label: "seconds of a whole run →", labelOffset: 36, grid: true }, fy: { domain: ["original", c.name], label: null, padding: 0.15 }, fx: { axis: null },
        marks: [
          Plot.axisFy({ anchor: "left", label: null, fontSize: 13, fill: "currentColor" }),
          Plot.rectX([1], { x1: c.band[0], x2: c.band[1], fill: "var(--band)", fillOpacity: 0.16 }),
          Plot.ruleX([0], { stroke: "var(--line)" }),
          Plot.dot(rows, Plot.dodgeY("middle", { x: "s", fy: "side", r: 4.5, padding: 1.2, stroke: colour, strokeWidth: 1.4, fill: (d) => (d.kind === "baseline run" ? "var(--page)" : colour(d)), fillOpacity: 0.85, title: told, tip })),
          Plot.tickX(rows.filter((d) => d.kind !== "baseline run"), Plot.groupZ({ x: "median" }, { x: "s", fy: "side", z: "side", stroke: colour, strokeWidth: 2.4, insetTop: 4, insetBottom: 4 })),
        ],
      });
    },
    pairs(width) {
      const c = data.runs;
      if (!c || c.old.length < 2) return null;
      const at = c.metric === "cpu" ? 1 : 0;
      const rows = c.old.map((r, i) => ({ pair: i + 1, ratio: r[at] / c.new[i][at], old: r[at], now: c.new[i][at] }));
      return Plot.plot({
        width, height: 178, marginLeft: 78, marginRight: 20, marginBottom: 44, style, ariaLabel: "Speed-up of each pair of runs",
        x: { label: "pair, in the order measured →", labelOffset: 38, ticks: rows.map((d) => d.pair).filter((_, i, a) => a.length < 16 || i % 5 === 0), tickFormat: "d", domain: [0.5, rows.length + 0.5] },
        y: { label: `↑ old/new, ${c.metric} time`, domain: [Math.min(0, 1), d3.max([...rows.map((d) => d.ratio), c.gain[2]]) * 1.08], grid: true },
        marks: [
          Plot.rectY([1], { y1: c.gain[1], y2: c.gain[2], fill: NEW, fillOpacity: 0.15 }),
          Plot.ruleY([c.gain[0]], { stroke: NEW, strokeWidth: 2 }),
          Plot.ruleY([1], { stroke: "currentColor", strokeDasharray: "4 3" }),
          Plot.text([1], { y: 1, text: ["no gain"], frameAnchor: "right", dy: -7, fill: "currentColor" }),
          Plot.dot(rows, { x: "pair", y: "ratio", r: 4.5, fill: NEW, stroke: "var(--page)", title: (d) => `pair ${d.pair}: ${figures(d.ratio)}x\n${seconds(d.old)} → ${seconds(d.now)}`, tip }),
        ],
      });
    },
    latencies(width) {
      const rows = data.latencies;
      if (!rows || !rows.length) return null;
      const places = [...new Set(rows.map((d) => d.at))];
      const colour = (d) => (d.side === "original" ? OLD : NEW);
      return Plot.plot({
        width, height: 66 + 46 * places.length, marginLeft: 150, marginRight: 60, marginBottom: 44, style, ariaLabel: "Latency of original and artifact by number of rows",
        x: { type: "log", label: "seconds of a call →", labelOffset: 38, tickFormat: (d) => (/^[15]/.test(d.toExponential()) ? seconds(d) : ""), grid: true },
        fy: { domain: places, label: null, padding: 0.2, axis: null }, y: { domain: ["original", "artifact"], axis: null },
        marks: [
          Plot.axisFy({ anchor: "left", label: null, fontSize: 12.5, fill: "currentColor" }),
          Plot.link(rows, { fy: "at", x1: "p50", x2: "p95", y1: "side", y2: "side", stroke: colour, strokeWidth: 2.5, strokeOpacity: 0.6 }),
          Plot.dot(rows, { fy: "at", x: "p50", y: "side", r: 5, fill: colour, title: (d) => `${d.side}, ${d.at}\np50 ${seconds(d.p50)}, p95 ${seconds(d.p95)}, ${d.calls} calls${d.gain ? `\n${d.gain}` : ""}`, tip }),
          Plot.text(rows.filter((d) => d.gain), { fy: "at", x: "p95", y: "side", text: (d) => d.gain.split(" ")[0], dx: 8, textAnchor: "start", fill: NEW, fontWeight: 650 }),
        ],
      });
    },
    pareto(width) {
      const c = data.pareto;
      if (!c) return null;
      const axes = Object.fromEntries(c.axes.map((a) => [a.key, a]));
      const x = axes[$("pareto-x").value], y = axes[$("pareto-y").value];
      const say = (a, v) => (a.unit === "s" ? seconds(v) : a.unit === "MB" ? megabytes(v) : figures(v, 4));
      const rows = c.points.filter((p) => p.v[x.key] != null && p.v[y.key] != null);
      if (!rows.length) return Object.assign(document.createElement("p"), { textContent: "No candidate was measured in both." });
      const shade = { old: OLD, new: NEW, front: "var(--ink)", other: SOFT };
      const label = (a, arrow) => `${a.name}${a.more ? ", more is better" : ", less is better"} ${arrow}`;
      const ticks = (a) => (a.log ? (v) => (/^[125]/.test(v.toExponential()) ? say(a, v) : "") : (v) => say(a, v));
      const front = d3.sort(rows.filter((p) => p.kind !== "other"), (p) => p.v[x.key]);
      const marked = d3.greatest(rows, (p) => (p.kind === "new" ? 1 : 0));
      return Plot.plot({
        width, height: 380, marginLeft: 70, marginBottom: 46, marginRight: 30, style, r: { type: "identity" }, ariaLabel: `${y.name} against ${x.name} of every candidate`,
        x: { type: x.log ? "log" : "linear", label: label(x, "→"), labelOffset: 40, tickFormat: ticks(x), grid: true, nice: true }, y: { type: y.log ? "log" : "linear", label: "↑ " + label(y, ""), tickFormat: ticks(y), grid: true, nice: true, inset: 8 },
        marks: [
          Plot.dot(rows, {
            x: (p) => p.v[x.key], y: (p) => p.v[y.key], r: (p) => (p.kind === "other" ? 4 : 6.5), fill: (p) => shade[p.kind], fillOpacity: 0.75, stroke: "var(--page)", sort: (p) => -["other", "front", "old", "new"].indexOf(p.kind),
            title: (p) => [cut(p.title, 80), ...c.axes.filter((a) => p.v[a.key] != null).map((a) => `${a.name}: ${say(a, p.v[a.key])}`), p.verdict].join("\n"), tip,
          }),
          Plot.text([...new Set([front[0], marked, rows.find((p) => p.kind === "old")])].filter((p) => p && p.kind !== "other"), { x: (p) => p.v[x.key], y: (p) => p.v[y.key], text: (p) => cut(p.title, 34), dy: -13, fill: "currentColor", stroke: "var(--page)", strokeWidth: 4 }),
        ],
      });
    },
    qualities(width) {
      const rows = data.qualities;
      if (!rows || !rows.length) return null;
      const names = rows.map((d) => d.name);
      const side = Math.min(260, width * 0.4);
      const colour = (d) => (d.kept ? NEW : d.inside ? "var(--ink)" : "var(--bad)");
      return Plot.plot({
        width, height: 64 + 24 * names.length, marginLeft: side, marginRight: 24, marginBottom: 42, style, ariaLabel: "Change of quality of each candidate with its interval",
        x: { label: "change of the metric, more is better →", labelOffset: 38, grid: true, nice: true }, y: { domain: names, label: null, tickSize: 0, tickFormat: (d) => cut(d.replace(/^\d+\. /, ""), Math.floor(side / 6.6)) },
        marks: [
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.tickX(rows, { x: (d) => -d.allowed, y: "name", stroke: "var(--bad)", strokeWidth: 2.5, insetTop: 2, insetBottom: 2 }),
          Plot.link(rows, { x1: "low", x2: "high", y1: "name", y2: "name", stroke: colour, strokeWidth: 3, strokeOpacity: 0.55 }),
          Plot.dot(rows, { x: (d) => d.now - d.old, y: "name", r: 4.5, fill: colour, title: (d) => `${cut(d.name, 80)}\n${figures(d.old, 5)} → ${figures(d.now, 5)}\nchange in [${figures(d.low)}, ${figures(d.high)}], ${figures(-d.allowed)} allowed`, tip }),
        ],
      });
    },
    curves(width) {
      const rows = data.curves;
      if (!rows || !rows.length) return null;
      const points = rows.flatMap((c) => c.points.flatMap(([epoch, learnt, held]) => [
        { epoch, loss: learnt, kind: "learnt", title: c.title, kept: c.kept === epoch }, ...(held == null ? [] : [{ epoch, loss: held, kind: "held out", title: c.title, kept: c.kept === epoch }]),
      ]));
      return Plot.plot({
        width, height: 300, marginLeft: 60, marginRight: 24, marginBottom: 44, style, ariaLabel: "Loss of each training by epoch",
        x: { label: "epoch →", labelOffset: 38, tickFormat: "d", ticks: d3.max(points, (p) => p.epoch) }, y: { label: "↑ loss", grid: true, nice: true },
        marks: [
          Plot.line(points, { x: "epoch", y: "loss", z: (p) => p.title + p.kind, stroke: (p) => (p.kind === "learnt" ? OLD : NEW), strokeWidth: 1.6, strokeOpacity: 0.7, strokeDasharray: null }),
          Plot.dot(points, { x: "epoch", y: "loss", r: (p) => (p.kept ? 5 : 2.4), fill: (p) => (p.kind === "learnt" ? OLD : NEW), title: (p) => `${cut(p.title, 70)}\nepoch ${p.epoch}, ${p.kind}: ${figures(p.loss, 4)}${p.kept ? "\nkept" : ""}`, tip }),
        ],
      });
    },
  };
  const draw = () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const made = charts[place.dataset.chart](Math.max(280, Math.min(place.clientWidth || 720, 1160)));
      if (made) {
        // one picture with one name; the parts of it have classes
        made.setAttribute("role", "img");
        for (const part of made.querySelectorAll("[aria-label]")) { part.classList.add(`plot-${part.getAttribute("aria-label").split(" ")[0]}`); part.removeAttribute("aria-label"); }
        place.replaceChildren(made);
      }
      else if (!place.querySelector("svg")) place.remove();
    }
  };
  if (data.pareto) {
    for (const [id, first] of [["pareto-x", data.pareto.x], ["pareto-y", data.pareto.y]]) {
      $(id).append(...data.pareto.axes.map((a) => new Option(a.name, a.key, false, a.key === first)));
      $(id).addEventListener("change", draw);
    }
  }

  // --- flame graphs -------------------------------------------------------------------------------------------------
  const flames = [];
  const hue = (text) => { let h = 0; for (const c of text) h = (h * 31 + c.codePointAt(0)) >>> 0; return h; };
  const paint = (d) => {
    if (d.highlight) return "var(--match)";
    if (!d.data.f) return "#c3ccd6";
    // a function has one colour, its lines have shades of it
    const h = hue(d.data.f), line = hue(d.data.p);
    return `hsl(${16 + (h % 38)} ${74 + ((h >> 6) % 18)}% ${64 + (line % 15)}%)`;
  };
  const nodes = (d) => ({ n: d.n, p: d.p || "", f: (d.p || "").replace(/:\d+$/, ""), v: d.v, children: (d.c || []).map(nodes) });
  const flame = (id, tree, scale) => {
    const box = $(`flame-${id}`), says = $(`told-${id}`);
    if (!box) return;
    // both are drawn as parts of the longer run, so a pixel is as many seconds in both
    const top = nodes(tree);
    const whole = top.v < scale * 0.999 ? { n: `${seconds(scale)}: the scale of the graph above`, p: "", f: "", v: scale, children: [top] } : top;
    top.n = `${top.n}, ${seconds(top.v)}`;
    const usual = says.textContent;
    const tell = (d) => {
      says.textContent = d ? `${d.data.p || d.data.n}: ${seconds(d.data.v)}, ${figures((100 * d.data.v) / tree.v)}% of this run. ${d.data.p ? d.data.n : ""}` : usual;
    };
    const chart = flamegraph.default().width(box.clientWidth || 800).cellHeight(19).inverted(true).transitionDuration(0).minFrameSize(0.6).selfValue(false)
      .setColorMapper(paint).setLabelHandler((d) => `${d.data.p || d.data.n}: ${seconds(d.data.v)}`).setDetailsHandler((text) => { if (text === null) tell(null); }).onHover(tell)
      .setSearchMatch((d, term) => !!term && `${d.data.n} ${d.data.p}`.toLowerCase().includes(term.toLowerCase())).setSearchHandler((_, sum) => { chart.found = sum; });
    box.replaceChildren();
    d3.select(box).datum(whole).call(chart);
    const svg = box.querySelector("svg");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("height", 19 * (1 + d3.max(d3.select(box).selectAll("g.frame").data(), (d) => d.depth)));
    chart.box = box;
    chart.time = tree.v;
    // one place in the graph is current for the keyboard
    let now = null;
    const frames = () => d3.select(box).selectAll("g.frame");
    const go = (d) => {
      if (!d) return;
      now = d;
      frames().classed("at", (x) => x.id === d.id);
      const g = frames().filter((x) => x.id === d.id).node();
      if (g) g.scrollIntoView({ block: "nearest", inline: "nearest" });
      tell(d);
    };
    const sibling = (d, by) => { const all = d.parent ? d.parent.children : [d]; return all[all.indexOf(d) + by]; };
    box.onkeydown = (event) => {
      const rootNode = frames().data()[0] && frames().data()[0].ancestors().at(-1);
      const moves = { ArrowDown: () => go(now ? (now.children || [])[0] : rootNode), ArrowUp: () => go(now && now.parent), ArrowLeft: () => go(now && sibling(now, -1)), ArrowRight: () => go(now && sibling(now, 1)), Enter: () => { if (now) { chart.zoomTo(now); go(now); } }, Escape: () => { chart.resetZoom(); go(now); } };
      if (moves[event.key]) { event.preventDefault(); moves[event.key](); }
    };
    flames.push(chart);
  };
  const drawFlames = () => {
    flames.length = 0;
    if (!data.flame) return;
    const scale = Math.max(data.flame.before.v, data.flame.after ? data.flame.after.v : 0);
    flame("before", data.flame.before, scale);
    if (data.flame.after) flame("after", data.flame.after, scale);
    search();
  };
  const search = () => {
    const field = $("flame-search");
    if (!field) return;
    const term = field.value.trim();
    const found = flames.map((chart) => { chart.found = 0; if (term) chart.search(term); else chart.clear(); return chart.found; });
    $("flame-found").textContent = term ? found.map((s, i) => `${["before", "after"][i]} ${seconds(s)} (${figures((100 * s) / flames[i].time)}%)`).join(", ") : "";
  };
  if ($("flame-search")) {
    $("flame-search").addEventListener("input", search);
    $("flame-reset").addEventListener("click", () => flames.forEach((chart) => chart.resetZoom()));
  }

  // --- tables -------------------------------------------------------------------------------------------------------
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const first = [...body.rows];
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent;
      cell.replaceChildren(button);
      button.addEventListener("click", () => {
        const number = cell.dataset.kind === "number";
        const was = cell.getAttribute("aria-sort");
        const next = was === null ? (number ? "descending" : "ascending") : was === (number ? "descending" : "ascending") ? (number ? "ascending" : "descending") : null;
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        const value = (row) => { const c = row.cells[column]; const v = c.dataset.value ?? c.textContent.trim(); return number ? (v === "" ? NaN : Number(v)) : v; };
        const rows = [...first];
        if (next) {
          cell.setAttribute("aria-sort", next);
          const sign = next === "ascending" ? 1 : -1;
          // what has no number comes last, whichever way
          rows.sort((a, b) => { const x = value(a), y = value(b); return number ? (Number.isNaN(x) ? (Number.isNaN(y) ? 0 : 1) : Number.isNaN(y) ? -1 : sign * (x - y)) : sign * String(x).localeCompare(String(y), undefined, { numeric: true }); });
        }
        body.append(...rows);
      });
    });
  }
  for (const tools of document.querySelectorAll("[data-table]")) {
    const rows = [...$(tools.dataset.table).tBodies[0].rows];
    const field = tools.querySelector("input"), says = tools.querySelector("output"), buttons = [...tools.querySelectorAll("[data-mark]")];
    const show = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.mark);
      let seen = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !(words.every((w) => text.includes(w)) && (!wanted.length || wanted.includes(row.dataset.mark)));
        seen += !row.hidden;
      }
      says.textContent = seen === rows.length ? "" : `${seen} of ${rows.length} shown`;
    };
    field.addEventListener("input", show);
    buttons.forEach((b) => b.addEventListener("click", () => { b.setAttribute("aria-pressed", String(b.getAttribute("aria-pressed") !== "true")); show(); }));
  }

  // --- the rest -----------------------------------------------------------------------------------------------------
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = $(button.dataset.copy).textContent;
      const usual = button.textContent;
      try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
      catch { getSelection().selectAllChildren($(button.dataset.copy)); button.textContent = "Selected: press Ctrl+C"; }
      setTimeout(() => { button.textContent = usual; }, 2000);
    });
  }
  $("download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(JSON.parse($("record").textContent), null, 1)], { type: "application/json" }));
    link.download = "result.json";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  let closed = [];
  addEventListener("beforeprint", () => { closed = [...document.querySelectorAll("details:not([open])")]; closed.forEach((d) => { d.open = true; }); });
  addEventListener("afterprint", () => closed.forEach((d) => { d.open = false; }));
  let width = innerWidth, later = 0;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; clearTimeout(later); later = setTimeout(() => { draw(); drawFlames(); }, 150); } });
  draw();
  drawFlames();
  root.dataset.ready = "true";
})();
