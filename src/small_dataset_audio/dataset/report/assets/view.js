// A recording over time: waveform and spectrogram, with beats, downbeats, onsets and drum strokes drawn on them.
"use strict";
var sdaView = (home, facts) => {
  const MAP = 34, RULER = 22, WAVE = 124, SPECTRUM = 190, LANE = 17, PAD = 8, PITCH = 10;
  const STEPS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const PITCHES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
  const DRUMS = ["cymbal", "hat", "tom", "snare", "kick"];
  const HERTZ = [50, 100, 200, 500, 1000, 2000, 5000, 10000];
  const seconds = facts.seconds;
  const moments = {};
  for (const [name, steps] of Object.entries(facts.moments)) moments[name] = summed(steps);
  const drums = DRUMS.filter((drum) => facts.strokes[drum]).map((drum) => ({ drum, times: summed(facts.strokes[drum].times), velocities: facts.strokes[drum].velocities }));
  const chroma = facts.chroma.map((letters) => Array.from(letters, (letter) => STEPS.indexOf(letter) / (STEPS.length - 1)));
  const layers = { beats: true, downbeats: true, onsets: true, drums: true };
  const lanes = {};
  let shownLanes = ["full_mix"], from = 0, to = seconds, now = 0, picture = null, onSeek = () => {};

  function summed(steps) {
    let total = 0;
    return Float64Array.from(steps, (step) => (total += step) / 1000);
  }

  const stage = document.createElement("div"), canvas = document.createElement("canvas"), over = document.createElement("canvas");
  stage.className = "stage";
  over.className = "over";
  stage.append(canvas, over);
  stage.tabIndex = 0;
  for (const [key, value] of Object.entries({ role: "slider", "aria-label": "Place in the recording", "aria-valuemin": 0, "aria-valuemax": Math.round(seconds) })) stage.setAttribute(key, value);

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const width = () => stage.clientWidth || 600;
  const waveTop = MAP + RULER;
  const spectrumTop = waveTop + WAVE;
  const chromaTop = spectrumTop + (facts.picture ? SPECTRUM : 0);
  const drumTop = () => chromaTop + (chroma.length ? chroma.length * PITCH + PAD : 0);
  const height = () => drumTop() + (drums.length ? drums.length * LANE + PAD : 0);
  const toX = (time) => ((time - from) / (to - from)) * width();
  const toTime = (x) => from + (x / width()) * (to - from);
  const clock = (time, fine) => {
    const tenths = Math.round(time * (fine ? 100 : 10)), unit = fine ? 100 : 10, whole = Math.floor(tenths / unit);
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
    return `${hours ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${rest}.${String(tenths % unit).padStart(fine ? 2 : 1, "0")}`;
  };

  const first = (times, time) => {
    let low = 0, high = times.length;
    while (low < high) { const middle = (low + high) >> 1; if (times[middle] < time) low = middle + 1; else high = middle; }
    return low;
  };

  function waveform(g, peaks, top, tall, start, stop, fill) {
    const count = peaks.length / 3, across = width(), middle = top + tall / 2, half = tall / 2 - 2;
    g.fillStyle = fill;
    for (let x = 0; x < across; x += 1) {
      const a = Math.floor(((start + (x / across) * (stop - start)) / seconds) * count);
      const b = Math.max(a + 1, Math.ceil(((start + ((x + 1) / across) * (stop - start)) / seconds) * count));
      let low = 127, high = -127, power = 0, taken = 0;
      for (let i = Math.max(0, a); i < Math.min(b, count); i += 1) {
        low = Math.min(low, peaks[3 * i]);
        high = Math.max(high, peaks[3 * i + 1]);
        power += peaks[3 * i + 2] ** 2;
        taken += 1;
      }
      if (!taken) continue;
      const body = (Math.sqrt(power / taken) / 127) * half;
      g.globalAlpha = 0.45;
      g.fillRect(x, middle - (high / 127) * half, 1, Math.max(1, ((high - low) / 127) * half));
      g.globalAlpha = 1;
      g.fillRect(x, middle - body, 1, 2 * body);
    }
  }

  function lines(g, times, top, bottom, style, thick, least) {
    const begin = first(times, from), end = first(times, to);
    const each = Math.max(1, Math.ceil((least * (end - begin)) / width()));
    if (style.skip && each > style.skip) return;
    g.fillStyle = style.fill;
    for (let i = begin - (begin % each) + (begin % each ? each : 0); i < end; i += each) g.fillRect(Math.round(toX(times[i])) - thick / 2, top, thick, bottom - top);
  }

  function ruler(g) {
    const bars = moments.downbeats, top = MAP;
    g.font = "11px system-ui";
    g.textBaseline = "middle";
    g.fillStyle = colour("--soft");
    const steps = [0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];
    const step = steps.find((one) => (one / (to - from)) * width() >= 78) || 7200;
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
      const text = step < 1 ? clock(time, true) : clock(time).replace(/\.0$/, ""), x = toX(time) + 3;
      if (x + g.measureText(text).width <= width()) g.fillText(text, x, top + RULER / 2);
    }
    if (!bars || !layers.downbeats) return;
    const begin = first(bars, from), end = first(bars, to), each = [1, 2, 4, 8, 16, 32, 64, 128].find((n) => ((end - begin) / n) * 30 <= width()) || 256;
    g.fillStyle = colour("--strong");
    g.font = "600 10px system-ui";
    for (let i = Math.ceil(begin / each) * each; i < end; i += each) g.fillText(String(i + 1), toX(bars[i]) + 3, waveTop + 8);
  }

  function spectrum(g) {
    if (!facts.picture) return;
    g.fillStyle = "#0b0f14";
    g.fillRect(0, spectrumTop, width(), SPECTRUM);
    if (picture) {
      const scale = picture.naturalWidth / seconds;
      g.imageSmoothingEnabled = true;
      g.drawImage(picture, from * scale, 0, Math.max(1, (to - from) * scale), picture.naturalHeight, 0, spectrumTop, width(), SPECTRUM);
    }
    g.font = "10px system-ui";
    g.textBaseline = "middle";
    for (const hertz of HERTZ) {
      if (hertz < facts.low_hz || hertz > facts.high_hz) continue;
      const up = Math.log(hertz / facts.low_hz) / Math.log(facts.high_hz / facts.low_hz);
      const y = Math.min(Math.max(spectrumTop + SPECTRUM * (1 - up), spectrumTop + 7), spectrumTop + SPECTRUM - 7);
      const text = hertz >= 1000 ? `${hertz / 1000} kHz` : `${hertz} Hz`;
      g.fillStyle = "rgb(11 15 20 / .55)";
      g.fillRect(2, y - 6, g.measureText(text).width + 6, 12);
      g.fillStyle = "rgb(255 247 228 / .85)";
      g.fillText(text, 5, y);
    }
  }

  // The twelve pitch classes over time, C at the bottom: the stronger the deeper.
  function pitches(g) {
    g.fillStyle = colour("--series");
    chroma.forEach((strengths, index) => {
      const top = chromaTop + PAD / 2 + (chroma.length - 1 - index) * PITCH, step = seconds / strengths.length;
      for (let i = Math.floor(from / step); i < strengths.length && i * step < to; i += 1) {
        const left = toX(i * step);
        g.globalAlpha = strengths[i] ** 1.5;
        g.fillRect(left, top, toX((i + 1) * step) - left + 0.4, PITCH - 1);
      }
    });
    g.globalAlpha = 1;
    g.font = "9px system-ui";
    g.textBaseline = "middle";
    PITCHES.slice(0, chroma.length).forEach((pitch, index) => {
      if (pitch.length > 1) return;
      const middle = chromaTop + PAD / 2 + (chroma.length - 1 - index) * PITCH + PITCH / 2;
      g.fillStyle = colour("--card");
      g.fillRect(0, middle - PITCH / 2, 14, PITCH - 1);
      g.fillStyle = colour("--soft");
      g.fillText(pitch, 4, middle);
    });
  }

  function strokes(g) {
    if (!drums.length) return;
    g.font = "11px system-ui";
    g.textBaseline = "middle";
    drums.forEach(({ drum, times, velocities }, index) => {
      const top = drumTop() + PAD / 2 + index * LANE;
      g.fillStyle = colour("--cell");
      g.fillRect(0, top + LANE - 1, width(), 1);
      if (layers.drums) {
        g.fillStyle = colour("--strong");
        for (let i = first(times, from); i < times.length && times[i] <= to; i += 1) {
          const tall = 3 + ((LANE - 5) * velocities[i]) / 127;
          g.fillRect(toX(times[i]) - 1, top + LANE - 1 - tall, 2, tall);
        }
      }
      g.globalAlpha = 0.6;
      g.fillStyle = colour("--card");
      g.fillRect(0, top, g.measureText(drum).width + 8, LANE - 2);
      g.globalAlpha = 1;
      g.fillStyle = colour("--soft");
      g.fillText(drum, 4, top + LANE / 2);
    });
  }

  function sized(target) {
    const ratio = devicePixelRatio || 1, w = Math.round(width() * ratio), h = Math.round(height() * ratio);
    if (target.width !== w || target.height !== h) { target.width = w; target.height = h; target.style.height = `${height()}px`; }
    const g = target.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width(), height());
    return g;
  }

  function draw() {
    const g = sized(canvas);
    g.fillStyle = colour("--card");
    g.fillRect(0, 0, width(), height());
    g.fillStyle = colour("--cell");
    g.fillRect(0, 0, width(), MAP);
    if (lanes.full_mix) waveform(g, lanes.full_mix, 0, MAP, 0, seconds, colour("--soft"));
    const present = shownLanes.filter((name) => lanes[name]);
    present.forEach((name, index) => {
      const tall = WAVE / present.length, top = waveTop + index * tall;
      waveform(g, lanes[name], top, tall, from, to, colour(name === "full_mix" ? "--mix" : `--${name}`));
      if (present.length > 1) { g.fillStyle = colour("--soft"); g.font = "11px system-ui"; g.textBaseline = "middle"; g.fillText(name, 4, top + 20); }
    });
    spectrum(g);
    const bottom = chromaTop;
    pitches(g);
    if (layers.beats && moments.beats) {
      lines(g, moments.beats, waveTop, spectrumTop, { fill: colour("--soft").replace(/^#(.*)$/, "#$155"), skip: 1 }, 1, 5);
      if (facts.picture) lines(g, moments.beats, spectrumTop, bottom, { fill: "rgb(255 255 255 / .2)", skip: 1 }, 1, 5);
    }
    if (layers.downbeats && moments.downbeats) {
      lines(g, moments.downbeats, waveTop, spectrumTop, { fill: colour("--strong") }, 1.5, 7);
      if (facts.picture) lines(g, moments.downbeats, spectrumTop, bottom, { fill: "rgb(255 170 120 / .7)" }, 1, 7);
    }
    if (layers.onsets && moments.onsets) lines(g, moments.onsets, spectrumTop - 9, spectrumTop, { fill: colour("--ink"), skip: 1 }, 1, 1.6);
    strokes(g);
    ruler(g);
    playhead();
  }

  function playhead() {
    const g = sized(over), across = width();
    g.fillStyle = colour("--series");
    g.globalAlpha = 0.22;
    g.fillRect((from / seconds) * across, 0, Math.max(2, ((to - from) / seconds) * across), MAP);
    g.globalAlpha = 1;
    g.fillStyle = colour("--strong");
    g.fillRect((now / seconds) * across - 0.75, 0, 1.5, MAP);
    if (now < from || now > to) return;
    const x = toX(now);
    g.fillStyle = colour("--card");
    g.fillRect(x - 1.75, waveTop, 3.5, height() - waveTop);
    g.fillStyle = colour("--strong");
    g.fillRect(x - 1, MAP, 2, height() - MAP);
    g.beginPath();
    g.moveTo(x - 5, MAP);
    g.lineTo(x + 5, MAP);
    g.lineTo(x, MAP + 7);
    g.fill();
  }

  function look(start, span) {
    const least = Math.min(seconds, 0.5);
    const wide = Math.min(seconds, Math.max(least, span));
    from = Math.min(Math.max(0, start), seconds - wide);
    to = from + wide;
    draw();
  }
  const zoom = (factor, around = now >= from && now <= to ? now : (from + to) / 2) => look(around - ((around - from) * factor), (to - from) * factor);

  function follow(time) {
    now = Math.min(Math.max(0, time), seconds);
    stage.setAttribute("aria-valuenow", Math.round(now));
    stage.setAttribute("aria-valuetext", clock(now));
    if (to - from < seconds && (now > to || now < from)) look(now - (to - from) * 0.05, to - from);
    else playhead();
  }

  const touches = new Map();
  let began = null;
  const placed = (event) => { const box = stage.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const { x, y } = placed(event);
    touches.set(event.pointerId, x);
    stage.setPointerCapture(event.pointerId);
    began = { x, y, from, span: to - from, moved: false, map: y < MAP, apart: touches.size === 2 ? Math.abs([...touches.values()][0] - [...touches.values()][1]) : 0 };
    if (began.map) look((x / width()) * seconds - began.span / 2, began.span);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!began || !touches.has(event.pointerId)) return;
    const { x } = placed(event);
    touches.set(event.pointerId, x);
    if (touches.size === 2 && began.apart) {
      const [a, b] = [...touches.values()], middle = began.from + (((a + b) / 2) / width()) * began.span;
      const span = began.span * (began.apart / Math.max(12, Math.abs(a - b)));
      began.moved = true;
      look(middle - (((a + b) / 2) / width()) * span, span);
    } else if (began.map) {
      look((x / width()) * seconds - began.span / 2, began.span);
    } else if (Math.abs(x - began.x) > 5 || began.moved) {
      began.moved = true;
      look(began.from - ((x - began.x) / width()) * began.span, began.span);
    }
  });
  const ended = (event) => {
    if (began && !began.moved && touches.size === 1 && event.type === "pointerup") onSeek(began.map ? (placed(event).x / width()) * seconds : toTime(placed(event).x));
    touches.delete(event.pointerId);
    if (!touches.size) began = null;
  };
  stage.addEventListener("pointerup", ended);
  stage.addEventListener("pointercancel", ended);
  stage.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) { event.preventDefault(); zoom(Math.exp(event.deltaY * 0.004), toTime(placed(event).x)); }
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); look(from + (event.deltaX / width()) * (to - from), to - from); }
  }, { passive: false });

  home.replaceChildren(stage);
  if (facts.picture) {
    const image = new Image();
    image.addEventListener("load", () => { picture = image; draw(); });
    image.src = facts.picture;
  }
  new ResizeObserver(draw).observe(stage);
  // Not for print: Chromium leaves a canvas white that is drawn while it prints.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  return {
    stage, layers, colours: { beats: "--soft", downbeats: "--strong", onsets: "--ink", drums: "--drums" }, draw, follow, zoom, clock,
    whole: () => look(0, seconds),
    has: (name) => (name === "drums" ? drums.length > 0 : Boolean(moments[name] && moments[name].length)),
    lanes: (given) => { Object.assign(lanes, given); draw(); },
    show: (names) => { shownLanes = names; draw(); },
    seek: (handler) => { onSeek = handler; },
    get span() { return [from, to]; },
  };
};
