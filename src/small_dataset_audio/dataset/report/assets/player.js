// The player of a track: the cursor follows the sound, stems are soloed, a click seeks.
"use strict";
var sdaDrawing = (drawing) => {
  const home = document.getElementById("view"), audio = document.getElementById("audio"), block = document.getElementById("track");
  if (!home || !block) return;
  const facts = JSON.parse(block.textContent);
  facts.seconds = drawing.seconds || facts.seconds;
  if (!facts.seconds) return;

  const make = (name, parent, attributes = {}, text = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    parent.append(element);
    return element;
  };
  const tools = document.createElement("div");
  tools.className = "tools";
  const plot = document.createElement("div");
  home.replaceChildren(tools, plot);
  const view = sdaView(plot, facts);
  const decoded = {};
  for (const [name, text] of Object.entries(drawing.lanes)) decoded[name] = Int8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  view.lanes(decoded);

  const play = make("button", tools, { type: "button", class: "play" }, "Play");
  const clock = make("span", tools, { class: "clock" });
  const others = facts.sounds.filter((sound) => sound.name !== "full_mix");
  const stems = new Map(), soloed = new Set();
  if (others.length) {
    const group = make("fieldset", tools);
    make("legend", group, { class: "hidden" }, "What is heard");
    const mix = make("button", group, { type: "button", "aria-pressed": "true", style: "color: var(--mix)" }, "mix");
    mix.addEventListener("click", () => { soloed.clear(); heard(); });
    for (const sound of others) {
      const button = make("button", group, { type: "button", "aria-pressed": "false", style: `color: var(--${sound.name})`, title: "Solo this stem; several can be heard together" }, sound.name);
      stems.set(sound.name, { sound, button, audio: null });
      button.addEventListener("click", () => { if (!soloed.delete(sound.name)) soloed.add(sound.name); heard(); });
    }
    stems.set("full_mix", { button: mix, audio });
  }
  make("span", tools, { class: "gap" });
  const shown = make("fieldset", tools);
  make("legend", shown, { class: "hidden" }, "What is drawn");
  for (const layer of Object.keys(view.layers)) {
    if (!view.has(layer)) continue;
    const button = make("button", shown, { type: "button", "aria-pressed": "true", style: `color: var(${view.colours[layer]})` }, layer === "drums" ? "strokes" : layer);
    button.addEventListener("click", () => { view.layers[layer] = !view.layers[layer]; button.setAttribute("aria-pressed", String(view.layers[layer])); view.draw(); });
  }
  const zooms = make("fieldset", tools);
  make("legend", zooms, { class: "hidden" }, "Zoom");
  for (const [text, label, action] of [["\u2212", "Zoom out", () => view.zoom(2)], ["+", "Zoom in", () => view.zoom(0.5)], ["all", "Show the whole recording", view.whole]]) {
    make("button", zooms, { type: "button", "aria-label": label }, text).addEventListener("click", () => action());
  }

  const playing = () => [audio, ...[...soloed].map((name) => stems.get(name).audio)];
  function heard() {
    audio.muted = soloed.size > 0;
    for (const [name, stem] of stems) {
      const on = name === "full_mix" ? !soloed.size : soloed.has(name);
      stem.button.setAttribute("aria-pressed", String(on));
      if (name === "full_mix") continue;
      if (on && !stem.audio) {
        stem.audio = new Audio(stem.sound.address);
        stem.audio.preload = "auto";
        stem.audio.addEventListener("loadedmetadata", align);
      }
      if (stem.audio && !on) stem.audio.pause();
      if (on && !audio.paused) stem.audio.play().catch(() => {});
    }
    align();
    view.show(soloed.size ? others.map((sound) => sound.name).filter((name) => soloed.has(name)) : ["full_mix"]);
  }
  // Several elements drift apart: those that are off by more than the ear forgives are put back.
  function align() {
    for (const one of playing()) if (one !== audio && Math.abs(one.currentTime - audio.currentTime) > 0.04) one.currentTime = audio.currentTime;
  }
  function seek(time) {
    audio.currentTime = Math.min(Math.max(0, time), facts.seconds);
    align();
    tick();
  }
  function tick() {
    view.follow(audio.currentTime);
    clock.textContent = `${view.clock(audio.currentTime)} / ${view.clock(facts.seconds)}`;
    if (!audio.paused) requestAnimationFrame(tick);
  }
  const toggle = () => { if (audio.paused) audio.play().catch(failed); else audio.pause(); };
  const failed = () => { clock.textContent = "The sound cannot be played here"; };

  play.addEventListener("click", toggle);
  audio.addEventListener("play", () => { play.textContent = "Pause"; for (const one of playing()) if (one !== audio) one.play().catch(() => {}); tick(); });
  audio.addEventListener("pause", () => { play.textContent = "Play"; for (const one of playing()) if (one !== audio) one.pause(); tick(); });
  audio.addEventListener("seeked", tick);
  audio.addEventListener("timeupdate", align);
  audio.addEventListener("error", failed);
  audio.hidden = true;
  view.seek(seek);
  view.stage.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 2, ArrowLeft: -2, ArrowUp: 10, ArrowDown: -10 }[event.key];
    if (step) seek(audio.currentTime + step);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(facts.seconds);
    else if (event.key === "+" || event.key === "=") view.zoom(0.5);
    else if (event.key === "-") view.zoom(2);
    else if (event.key !== " ") return;
    if (event.key === " ") toggle();
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.defaultPrevented || event.target.closest("button, a, input, select, summary, audio")) return;
    toggle();
    event.preventDefault();
  });
  const fromHash = () => { const found = /^#t=([\d.]+)$/.exec(location.hash); if (found) seek(Number(found[1])); };
  addEventListener("hashchange", fromHash);
  tick();
  fromHash();
  if (facts.curves.length) sdaCurves(facts, seek);
};

// How single numbers change over the recording, where the stage analyze wrote its time series.
var sdaCurves = (facts, seek) => {
  const home = document.createElement("div");
  home.className = "curves card";
  document.getElementById("view").after(home);
  const label = document.createElement("label"), select = document.createElement("select"), plot = document.createElement("div");
  label.append("over time", select);
  facts.curves.forEach(({ name }, index) => select.append(new Option(name, String(index))));
  home.append(label, plot);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const TALL = 190;
  let chart = null;
  plot.className = "plot";
  function draw() {
    const { name, unit, values } = facts.curves[Number(select.value)], axis = { stroke: colour("--soft"), font: "12px system-ui", grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false } };
    if (chart) chart.destroy();
    chart = new uPlot({
      width: plot.clientWidth, height: TALL,
      scales: { x: { time: false, range: [0, facts.seconds] } },
      axes: [{ ...axis, size: 30, space: 70, values: (u, splits) => splits.map((time) => (facts.seconds < 20 ? `${time.toFixed(1)} s` : `${Math.floor(time / 60)}:${String(Math.round(time % 60)).padStart(2, "0")}`)) }, { ...axis, size: 52, label: unit ? `${name} (${unit})` : name, labelSize: 20, labelFont: "12px system-ui", values: (u, splits) => splits.map((value) => String(+value.toPrecision(6)).replace("-", "\u2212")) }],
      series: [{}, { stroke: colour("--series"), width: 1.5, points: { show: false } }],
      legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
    }, [values.map((_, i) => ((i + 0.5) / values.length) * facts.seconds), values], plot);
    chart.over.addEventListener("click", (event) => seek(chart.posToVal(event.clientX - chart.over.getBoundingClientRect().left, "x")));
  }
  select.addEventListener("change", draw);
  new ResizeObserver(() => { if (chart.width !== plot.clientWidth) chart.setSize({ width: plot.clientWidth, height: TALL }); }).observe(plot);
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", draw);
  draw();
};
