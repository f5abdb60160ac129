// The map of a library: every track by two of its numbers, coloured by a third.
"use strict";
(() => {
  const home = document.getElementById("map");
  if (!home || typeof sdaLibrary === "undefined" || typeof uPlot === "undefined") return;
  const FIFTHS = ["C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F"];
  const MINORS = ["A", "E", "B", "F#", "C#", "G#", "Eb", "Bb", "F", "C", "G", "D"];
  const KEYS = FIFTHS.flatMap((major, i) => [`${major} major`, `${MINORS[i]} minor`]);
  const { features, tracks } = sdaLibrary;
  const names = features.map((feature) => feature.name);
  const known = tracks.some((track) => track.key) ? ["key", ...names] : names;
  const valueOf = (track, name) => (name === "key" ? (track.key ? KEYS.indexOf(track.key) : null) : track.values[names.indexOf(name)]);
  const unitOf = (name) => (name === "key" ? "" : features[names.indexOf(name)].unit);
  const words = (name) => (name === "bpm" ? "tempo" : name === "lufs" ? "loudness" : name.replaceAll("_", " "));
  const pick = (wanted, taken) => wanted.find((name) => known.includes(name) && !taken.includes(name)) || known.find((name) => !taken.includes(name)) || known[0];
  const chosen = { across: pick(["bpm", "lufs"], []) };
  chosen.up = pick(["brightness", "key", "spectral_flatness"], [chosen.across]);
  chosen.colour = pick(["lufs", "onset_density"], [chosen.across, chosen.up]);
  chosen.size = "";

  const make = (name, parent, attributes = {}, text = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };
  const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const said = (name, value) => {
    if (value === null || value === undefined) return "absent";
    if (name === "key") return KEYS[value];
    const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
    const unit = unitOf(name);
    return value.toFixed(digits).replace("-", "\u2212") + (unit ? ` ${unit}` : "");
  };

  const controls = make("div", home, { class: "controls" });
  const plot = make("div", home, { class: "plot", tabindex: "0", role: "application", "aria-label": "Map of the library. Left and right arrow keys go from track to track, Enter opens one." });
  const legend = make("div", home, { class: "legend" });
  const spoken = make("p", home, { class: "hidden", "aria-live": "polite" });
  for (const [slot, label] of [["across", "across"], ["up", "up"], ["colour", "colour"], ["size", "size"]]) {
    const select = make("select", make("label", controls, {}, label));
    if (slot === "size") make("option", select, { value: "" }, "the same");
    for (const name of known) make("option", select, { value: name }, words(name));
    select.value = chosen[slot];
    select.addEventListener("change", () => { chosen[slot] = select.value; draw(); });
  }

  let chart = null, points = [], tip = null, marked = -1;

  const spread = (name) => {
    const values = tracks.map((track) => valueOf(track, name)).filter((value) => value !== null && value !== undefined);
    return values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  };
  const part = (value, [low, high]) => (high > low ? (value - low) / (high - low) : 0.5);

  const mix = (a, b, t) => {
    const number = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    const [x, y] = [number(a), number(b)];
    return `rgb(${x.map((one, i) => Math.round(one + (y[i] - one) * t)).join(" ")})`;
  };

  function ramp(t) {
    const stops = [0, 1, 2, 3, 4].map((i) => colourOf(`--ramp-${i}`));
    const place = Math.min(Math.max(t, 0), 1) * 4, index = Math.min(3, Math.floor(place));
    return mix(stops[index], stops[index + 1], place - index);
  }

  function gather() {
    const colours = spread(chosen.colour), sizes = chosen.size ? spread(chosen.size) : null;
    points = tracks.map((track, index) => {
      const value = valueOf(track, chosen.colour), size = sizes ? valueOf(track, chosen.size) : null;
      return {
        track, index, x: valueOf(track, chosen.across), y: valueOf(track, chosen.up),
        fill: value === null || value === undefined ? null : ramp(part(value, colours)),
        radius: sizes ? 3.5 + 7 * part(size ?? sizes[0], sizes) : tracks.length > 400 ? 4 : 6.5,
        minor: track.key !== null && track.key.endsWith("minor"),
      };
    }).filter((point) => point.x !== null && point.x !== undefined && point.y !== null && point.y !== undefined);
    points.sort((a, b) => a.x - b.x);
    legend.textContent = "";
    const scale = make("span", legend);
    scale.append(`${words(chosen.colour)}: ${said(chosen.colour, colours[0])}`, make("span", scale, { class: "ramp" }), said(chosen.colour, colours[1]));
    if (tracks.some((track) => track.key)) make("span", legend, {}, "\u25cf major, \u25cb minor");
    const missing = tracks.length - points.length;
    if (missing) make("span", legend, {}, `${missing} of ${tracks.length} not shown: a value is absent`);
    make("span", legend, {}, "Drag to zoom, double click to go back");
  }

  function circles(u) {
    const { ctx } = u, ratio = devicePixelRatio || 1, soft = colourOf("--soft"), card = colourOf("--card");
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    points.forEach((point, index) => {
      const x = u.valToPos(point.x, "x", true), y = u.valToPos(point.y, "y", true);
      const radius = point.radius * ratio;
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
      ctx.lineWidth = (point.minor ? 2.5 : 1) * ratio;
      ctx.fillStyle = point.minor ? card : point.fill || soft;
      ctx.strokeStyle = point.minor ? point.fill || soft : card;
      ctx.fill();
      ctx.stroke();
      if (index === marked) {
        ctx.beginPath();
        ctx.arc(x, y, radius + 4 * ratio, 0, 2 * Math.PI);
        ctx.lineWidth = 2 * ratio;
        ctx.strokeStyle = colourOf("--ink");
        ctx.stroke();
      }
    });
    ctx.restore();
    return null;
  }

  const roomy = (u, low, high) => {
    const extra = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - extra, high + extra];
  };

  function draw() {
    gather();
    if (chart) chart.destroy();
    marked = -1;
    const axis = (name, side) => ({
      scale: side === 2 ? "x" : "y", side, stroke: colourOf("--soft"), font: "12px system-ui", labelFont: "12px system-ui", labelSize: 22,
      size: side === 3 ? (name === "key" ? 76 : 54) : 34,
      label: words(name) + (unitOf(name) ? ` (${unitOf(name)})` : ""),
      grid: { stroke: colourOf("--rule"), width: 1 }, ticks: { stroke: colourOf("--rule"), width: 1 },
      splits: name === "key" ? () => KEYS.map((_, i) => i).filter((i) => side === 3 || i % 4 === 0) : undefined,
      values: name === "key" ? (u, splits) => splits.map((i) => KEYS[i] || "") : (u, splits) => splits.map((value) => (value === null ? "" : String(+value.toPrecision(6)).replace("-", "\u2212"))),
    });
    const height = Math.max(320, Math.min(520, home.clientWidth * 0.55));
    chart = new uPlot({
      mode: 2, width: plot.clientWidth, height: chosen.up === "key" ? 560 : height,
      scales: { x: { time: false, range: roomy }, y: { range: roomy } },
      axes: [axis(chosen.across, 2), axis(chosen.up, 3)],
      series: [null, { paths: circles, facets: [{ scale: "x", auto: true }, { scale: "y", auto: true }] }],
      legend: { show: false },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: true, uni: 20 } },
      hooks: { setScale: [() => hide()] },
    }, [null, [points.map((point) => point.x), points.map((point) => point.y)]], plot);
    chart.over.addEventListener("mousemove", hover);
    chart.over.addEventListener("mouseleave", () => mark(-1));
    chart.over.addEventListener("click", (event) => { const found = nearest(event); if (found >= 0) open(found); });
  }

  function nearest(event) {
    const box = chart.over.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = Infinity;
    points.forEach((point, index) => {
      const distance = Math.hypot(chart.valToPos(point.x, "x") - x, chart.valToPos(point.y, "y") - y);
      if (distance < least && distance < point.radius + 10) { least = distance; best = index; }
    });
    return best;
  }

  function hide() { if (tip) { tip.remove(); tip = null; } }

  function mark(index) {
    if (index === marked) return;
    marked = index;
    hide();
    chart.redraw(false);
    chart.over.style.cursor = index < 0 ? "crosshair" : "pointer";
    if (index < 0) return;
    const point = points[index], box = chart.over;
    tip = make("div", plot, { class: "tip" });
    make("b", tip, {}, point.track.name);
    tip.append([chosen.across, chosen.up, chosen.colour, ...(chosen.size ? [chosen.size] : [])].map((name) => said(name, valueOf(point.track, name))).join(" \u00b7 "));
    if (chosen.up !== "key" && point.track.key) tip.append(` \u00b7 ${point.track.key}`);
    const left = box.offsetLeft + chart.valToPos(point.x, "x"), top = box.offsetTop + chart.valToPos(point.y, "y");
    tip.style.left = `${Math.max(0, Math.min(left + 14, plot.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, top - tip.offsetHeight - 12)}px`;
    spoken.textContent = tip.textContent;
  }

  const hover = (event) => mark(nearest(event));
  const open = (index) => { location.href = points[index].track.page; };
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step && points.length) { mark((marked + step + points.length) % points.length); event.preventDefault(); }
    if (event.key === "Enter" && marked >= 0) open(marked);
  });
  let waiting = 0;
  new ResizeObserver(() => { clearTimeout(waiting); waiting = setTimeout(() => { if (chart && chart.width !== plot.clientWidth) draw(); }, 80); }).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
