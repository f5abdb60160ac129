// The map of a library: every track by two of its numbers, coloured by a third.
"use strict";
(() => {
  const home = document.getElementById("map");
  if (!home || typeof sdaLibrary === "undefined" || typeof uPlot === "undefined") return;
  const NAMED = 60, LONGEST = 26;
  const PLAIN = new Set(["key", "bpm", "lufs"]); // their units say what they are
  const FIFTHS = ["C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F"];
  const MINORS = ["A", "E", "B", "F#", "C#", "G#", "Eb", "Bb", "F", "C", "G", "D"];
  const KEYS = FIFTHS.flatMap((major, i) => [`${major} major`, `${MINORS[i]} minor`]);
  const { features, tracks } = sdaLibrary;
  const names = features.map((feature) => feature.name);
  const known = tracks.some((track) => track.key) ? ["key", ...names] : names;
  const valueOf = (track, name) => (name === "key" ? (track.key ? KEYS.indexOf(track.key) : null) : track.values[names.indexOf(name)]);
  const unitOf = (name) => (name === "key" ? "" : features[names.indexOf(name)].unit);
  const words = (name) => (name === "bpm" ? "tempo" : name === "lufs" ? "loudness" : name.replaceAll("_", " "));
  const shortened = (name) => { const letters = [...name]; return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("").trimEnd()}\u2026` : name; };
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
  const digitsOf = (size) => (size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  const figure = (value, digits) => (value && Math.abs(value) < 0.0005 ? String(+value.toPrecision(2)) : value.toFixed(digits)).replace("-", "\u2212");
  const withUnit = (name, text) => (unitOf(name) ? `${text}\u00a0${unitOf(name)}` : text);
  const said = (name, value) => {
    if (value === null || value === undefined) return "absent";
    return name === "key" ? KEYS[value] : withUnit(name, figure(value, digitsOf(Math.abs(value))));
  };
  const ends = (name, [low, high]) => {
    if (name === "key") return [KEYS[low], KEYS[high]];
    const digits = digitsOf(Math.max(Math.abs(low), Math.abs(high)));
    return [figure(low, digits), withUnit(name, figure(high, digits))];
  };

  const controls = make("div", home, { class: "controls" });
  const plot = make("div", home, { class: "plot", tabindex: "0", role: "application", "aria-label": "Map of the library. Left and right arrow keys go from track to track, Enter opens one." });
  const legend = make("div", home, { class: "legend" });
  const spoken = make("p", home, { class: "hidden", "aria-live": "polite" });
  const byTouch = matchMedia("(pointer: coarse)");
  for (const [slot, label] of [["across", "across"], ["up", "up"], ["colour", "colour"], ["size", "size"]]) {
    const select = make("select", make("label", controls, {}, label));
    if (slot === "size") make("option", select, { value: "" }, "the same");
    for (const name of known) make("option", select, { value: name }, words(name));
    select.value = chosen[slot];
    select.addEventListener("change", () => { chosen[slot] = select.value; draw(); });
  }

  let chart = null, points = [], tip = null, marked = -1, touched = -1;

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
    const scale = make("span", legend, { class: "scaled" }), [low, high] = ends(chosen.colour, colours);
    if (colours[0] === colours[1]) scale.append(`${words(chosen.colour)}: ${high}`);
    else scale.append(`${words(chosen.colour)}: ${low}`, make("span", scale, { class: "ramp" }), high);
    if (sizes) make("span", legend, {}, `size: ${words(chosen.size)}, ${ends(chosen.size, sizes).join(" to ")}`);
    if (tracks.some((track) => track.key)) make("span", legend, {}, "\u25cf major, \u25cb minor");
    const missing = tracks.length - points.length;
    if (!points.length) make("span", legend, {}, "No track has both numbers: choose others");
    else if (missing) make("span", legend, {}, `${missing} of ${tracks.length} not shown: a value is absent`);
    if (points.length) make("span", legend, {}, byTouch.matches ? "Touch a track for its name, again for its page" : "Drag to zoom, double click to go back");
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
    if (points.length <= NAMED) labelled(u);
    ctx.restore();
    return null;
  }

  // Names stand beside their circles, as many as find room: to the right, to the left, above or below.
  function labelled(u) {
    const { ctx, bbox } = u, ratio = devicePixelRatio || 1, tall = 13 * ratio, gap = 4 * ratio;
    const taken = points.map((point) => {
      const x = u.valToPos(point.x, "x", true), y = u.valToPos(point.y, "y", true), r = point.radius * ratio;
      return [x - r, y - r, x + r, y + r];
    });
    const free = ([a, b, c, d], own) => a >= bbox.left && c <= bbox.left + bbox.width && b >= bbox.top && d <= bbox.top + bbox.height
      && taken.every(([e, f, g, h], index) => index === own || a > g || c < e || b > h || d < f);
    ctx.font = `${11.5 * ratio}px system-ui`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = colourOf("--soft");
    points.forEach((point, index) => {
      const [a, b, c, d] = taken[index], text = shortened(point.track.name), wide = ctx.measureText(text).width;
      const middle = (a + c) / 2, level = (b + d) / 2;
      const places = [[c + gap, level], [a - gap - wide, level], [middle - wide / 2, b - gap - tall / 2], [middle - wide / 2, d + gap + tall / 2]];
      for (const [x, y] of places) {
        const box = [x, y - tall / 2, x + wide, y + tall / 2];
        if (!free(box, index)) continue;
        taken.push(box);
        ctx.fillText(text, x, y);
        break;
      }
    });
  }

  const roomy = (u, low, high) => {
    const extra = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - extra, high + extra];
  };

  function size() {
    const height = chosen.up === "key" ? 560 : Math.max(320, Math.min(520, home.clientWidth * 0.55));
    return { width: plot.clientWidth, height };
  }

  const everyKey = (width) => [2, 4, 6, 8, 12].find((each) => (width / KEYS.length) * each >= 68) || 24;

  function draw() {
    gather();
    hide();
    if (chart) chart.destroy();
    marked = touched = -1;
    const axis = (name, side) => ({
      scale: side === 2 ? "x" : "y", side, stroke: colourOf("--soft"), font: "12px system-ui", labelFont: "12px system-ui", labelSize: 22,
      size: side === 3 ? (name === "key" ? 76 : 54) : 34,
      label: words(name) + (unitOf(name) ? ` (${unitOf(name)})` : ""),
      grid: { stroke: colourOf("--rule"), width: 1 }, ticks: { stroke: colourOf("--rule"), width: 1 },
      splits: name === "key" ? (u) => KEYS.map((_, i) => i).filter((i) => side === 3 || i % everyKey(u.bbox.width / (devicePixelRatio || 1)) === 0) : undefined,
      values: name === "key" ? (u, splits) => splits.map((i) => KEYS[i] || "") : (u, splits) => splits.map((value) => (value === null ? "" : String(+value.toPrecision(6)).replace("-", "\u2212"))),
    });
    chart = new uPlot({
      mode: 2, ...size(),
      scales: { x: { time: false, range: roomy }, y: { range: roomy } },
      axes: [axis(chosen.across, 2), axis(chosen.up, 3)],
      series: [null, { paths: circles, facets: [{ scale: "x", auto: true }, { scale: "y", auto: true }] }],
      legend: { show: false },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: true, uni: 20 } },
      hooks: { setScale: [() => hide()] },
    }, [null, [points.map((point) => point.x), points.map((point) => point.y)]], plot);
    chart.over.addEventListener("mousemove", hover);
    chart.over.addEventListener("mouseleave", () => mark(-1));
    chart.over.addEventListener("click", (event) => {
      const found = nearest(event), seen = event.pointerType !== "touch" || found === touched;
      touched = found;
      mark(found);
      if (found >= 0 && seen) open(found);
    });
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
    const told = new Set([chosen.across, chosen.up, chosen.colour, chosen.size, point.track.key ? "key" : ""].filter(Boolean));
    tip.append([...told].map((name) => (PLAIN.has(name) ? "" : `${words(name)} `) + said(name, valueOf(point.track, name))).join(" \u00b7 "));
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
  new ResizeObserver(() => { if (chart.width !== plot.clientWidth) { mark(-1); chart.setSize(size()); } }).observe(plot);
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", draw);
  draw();
})();
