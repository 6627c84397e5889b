"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const themes = read("data-themes"), templates = read("data-templates"), overTime = read("data-over-time");
  const text = document.getElementById("data-figures").textContent;
  const root = document.documentElement, tip = document.getElementById("tip"), button = document.getElementById("theme");
  const coarse = matchMedia("(pointer: coarse)").matches;
  const plots = [...document.querySelectorAll(".figure")];
  const config = { displayModeBar: false, responsive: true, doubleClick: "reset" };
  const kinds = {
    i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
    f4: Float32Array, f8: Float64Array,
  };

  /* Typed arrays travel as base64; plotly decodes those it knows of, we decode the rest. */
  function typed(value) {
    if (!value || value.bdata === undefined) return value;
    const bytes = Uint8Array.from(atob(value.bdata), (c) => c.charCodeAt(0));
    return new kinds[value.dtype](bytes.buffer);
  }

  /* A grid of codes travels as runs of equal neighbours. */
  function unpack(grid) {
    const [rows, columns] = grid.shape, flat = new Int32Array(rows * columns);
    const values = typed(grid.runs), lengths = typed(grid.lengths);
    for (let i = 0, at = 0; i < values.length; at += lengths[i], i++) flat.fill(values[i], at, at + lengths[i]);
    return Array.from({ length: rows }, (_, row) => flat.subarray(row * columns, (row + 1) * columns));
  }

  function theme() {
    if (root.classList.contains("printing")) return "light";
    return root.dataset.theme || "dark";
  }

  /* Figures are drawn in the dark colours; the light theme has the same names. */
  function figures(name) {
    let themed = text;
    if (name !== "dark")
      for (const key of Object.keys(themes.dark)) themed = themed.replaceAll(themes.dark[key], themes[name][key]);
    return JSON.parse(themed);
  }

  function draw() {
    const name = theme(), all = figures(name), narrow = root.clientWidth < 640;
    return Promise.all(plots.map((plot) => {
      const { data, layout } = all[plot.dataset.figure];
      layout.template = templates[name];
      layout.autosize = true;
      layout.dragmode = coarse ? false : "zoom";
      const timed = overTime.includes(plot.dataset.figure);
      if (timed && plot.dataset.figure !== "gantt") layout.yaxis.fixedrange = true;
      if (timed && layout.yaxis2) layout.yaxis2.fixedrange = true;
      if (timed && plot.layout) layout.xaxis.range = plot.layout.xaxis.range.slice();
      if (narrow) layout.font = { size: 10 };
      if (data[0].z && data[0].z.runs) data[0].z = unpack(data[0].z);
      if (layout.meta.jobs) Object.assign(data[0], { hoverinfo: "none", hovertemplate: null });
      return Plotly.react(plot, data, layout, config);
    }));
  }

  /* All figures over time show the same stretch of it. */
  const timed = () => plots.filter((plot) => overTime.includes(plot.dataset.figure));
  const whole = {};
  let moving = false;
  function show(range, but) {
    moving = true;
    const others = timed().filter((plot) => plot !== but);
    return Promise.all(others.map((plot) => Plotly.relayout(plot, { "xaxis.range": range.slice() })))
      .finally(() => { moving = false; });
  }
  const ms = (value) => (typeof value === "number" ? value : Date.parse(value.replace(" ", "T") + "Z"));
  const stretch = (plot) => plot.layout.xaxis.range.map(ms);

  function link(plot) {
    whole.range = stretch(plot);
    plot.on("plotly_relayout", (change) => {
      if (!moving && Object.keys(change).some((key) => key.startsWith("xaxis"))) show(stretch(plot), plot);
    });
    plot.addEventListener("keydown", (event) => {
      const [low, high] = stretch(plot), span = high - low;
      const to = {
        ArrowLeft: [low - span / 8, high - span / 8], ArrowRight: [low + span / 8, high + span / 8],
        "+": [low + span / 4, high - span / 4], "=": [low + span / 4, high - span / 4],
        "-": [low - span / 2, high + span / 2], 0: whole.range, Escape: whole.range,
      }[event.key];
      if (!to) return;
      event.preventDefault();
      show([Math.max(to[0], whole.range[0]), Math.min(to[1], whole.range[1])], null);
    });
  }

  /* What the schedule tells of the job under the pointer. */
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC", weekday: "short", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit",
  });
  function spell(seconds) {
    const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"]].find(([s]) => seconds >= s) || [1, "s"];
    const count = seconds / size;
    return `${count < 10 && unit !== "s" ? count.toFixed(1) : Math.round(count)} ${unit}`;
  }
  function jobFacts(plot) {
    const meta = plot.layout.meta, facts = {};
    for (const key of Object.keys(meta.jobs)) facts[key] = typed(meta.jobs[key]);
    const row = new Map(Array.from(facts.code, (code, i) => [code, i]));
    return (code) => {
      const i = row.get(code);
      if (i === undefined) return null;
      const rows = [
        `${facts.nodes[i].toLocaleString("en")} ${meta.word}s · ${facts.label[facts.kind[i]]}` +
          (facts.account[i] >= 0 ? ` · account ${facts.account[i]}` : ""),
        `${clock.format(facts.start[i] * 1e3)} – ${clock.format(facts.end[i] * 1e3)}`,
        `waited ${spell(facts.start[i] - facts.submit[i])}, ran ${spell(facts.end[i] - facts.start[i])} · ` +
          facts.states[facts.state[i]],
      ];
      if (facts.node_w) rows.push(`${(facts.node_w[i] / 1e3).toFixed(2)} kW a ${meta.word}`);
      return [`Job ${facts.id[i]}`, ...rows];
    };
  }
  function tell(plot) {
    const about = jobFacts(plot);
    plot.on("plotly_hover", ({ points, event }) => {
      const lines = points.length ? about(points[0].z) : null;
      tip.hidden = !lines;
      if (!lines) return;
      tip.replaceChildren(...lines.map((line, i) => {
        const part = document.createElement(i ? "span" : "b");
        part.textContent = line;
        return part;
      }));
      tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, root.clientWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, root.clientHeight - tip.offsetHeight - 8))}px`;
    });
    plot.on("plotly_unhover", () => { tip.hidden = true; });
  }

  function nameButton() {
    const light = theme() === "light";
    button.textContent = light ? "Dark" : "Light";
    button.setAttribute("aria-pressed", String(light));
  }
  button.addEventListener("click", () => {
    root.dataset.theme = theme() === "light" ? "dark" : "light";
    nameButton();
    draw();
  });
  addEventListener("beforeprint", () => {
    root.classList.add("printing");
    draw();
  });
  addEventListener("afterprint", () => { root.classList.remove("printing"); draw(); });

  nameButton();
  draw().then(() => {
    timed().forEach(link);
    const schedule = document.getElementById("figure-gantt");
    if (schedule) tell(schedule);
    root.dataset.ready = "true";
  });
})();
