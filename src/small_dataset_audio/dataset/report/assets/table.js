// The table of tracks: searched, sorted, a page at a time. Without this script the whole table stands in the page.
"use strict";
(() => {
  const table = document.getElementById("tracks");
  const finder = document.getElementById("finder"), pager = document.getElementById("pager");
  if (!table || typeof sdaLibrary === "undefined") return;
  const PER_PAGE = 50;
  const STEPS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const { features, tracks, columns } = sdaLibrary;
  const at = (name) => features.findIndex((feature) => feature.name === name);
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const titles = heads.map((head) => head.textContent);
  const number = (name) => (track) => (at(name) < 0 ? null : track.values[at(name)]);
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  const sorters = [(t) => t.name, null, (t) => t.seconds, (t) => t.bpm, (t) => t.key, ...columns.map(number), (t) => t.findings || null];
  const fixed = (value, digits) => (value === null || value === undefined ? "" : value.toFixed(digits).replace("-", "\u2212"));
  const length = (seconds) => {
    if (seconds === null) return "";
    if (seconds < 10) return `0:${seconds.toFixed(1).padStart(4, "0")}`;
    const whole = Math.round(seconds), two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };
  const digits = { lufs: 1, brightness: 1, onset_density: 2 };

  const state = { q: "", key: "", bpm: "", sort: 0, down: false, page: 0 };
  const texts = tracks.map((track) => [track.name, track.key || "", ...track.labels].join("\n").toLowerCase());

  const make = (name, parent, attributes = {}, text = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    parent.append(element);
    return element;
  };
  const search = make("input", finder, { type: "search", placeholder: "Search names, keys and labels", "aria-label": "Search names, keys and labels" });
  const chips = make("span", finder);
  const found = make("output", finder, { "aria-live": "polite" });
  const back = make("button", pager, { type: "button" }, "Previous");
  const place = make("span", pager);
  const on = make("button", pager, { type: "button" }, "Next");

  function outline(letters) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
    svg.setAttribute("class", "outline");
    svg.setAttribute("viewBox", `0 0 ${2 * letters.length} 24`);
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", [...letters].map((letter, i) => { const h = Math.max(0.6, STEPS.indexOf(letter) / 63 * 12); return `M${2 * i + 1} ${12 - h}v${2 * h}`; }).join(""));
    svg.append(path);
    return svg;
  }

  function row(track) {
    const line = document.createElement("tr");
    const name = make("th", line, { scope: "row" });
    make("a", name, { href: track.page, class: "name" }, track.name);
    if (track.note) { name.append(" "); make("small", name, { class: "bad" }, track.note); }
    const picture = make("td", line);
    if (track.outline) picture.append(outline(track.outline));
    const cells = [length(track.seconds), fixed(track.bpm, 1), track.key || "", ...columns.map((column) => fixed(number(column)(track), digits[column] ?? 2)), track.findings ? String(track.findings) : ""];
    cells.forEach((text, index) => make("td", line, { class: index === 2 ? "" : "n", "data-head": titles[index + 2] }, text));
    return line;
  }

  function matching() {
    const wanted = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const [low, high] = state.bpm ? state.bpm.split("-").map(Number) : [];
    const kept = tracks.map((_, i) => i).filter((i) => wanted.every((word) => texts[i].includes(word))
      && (!state.key || tracks[i].key === state.key) && (!state.bpm || (tracks[i].bpm !== null && tracks[i].bpm >= low && tracks[i].bpm < high)));
    const value = sorters[state.sort], sign = state.down ? -1 : 1;
    const compared = new Map(kept.map((i) => [i, value(tracks[i])]));
    const absent = (one) => one === null || one === undefined;
    return kept.sort((a, b) => {
      const [x, y] = [compared.get(a), compared.get(b)];
      if (absent(x) || absent(y)) return absent(x) - absent(y) || a - b;
      return sign * (typeof x === "string" ? compare(x, y) : x - y) || a - b;
    });
  }

  function show() {
    const kept = matching(), pages = Math.max(1, Math.ceil(kept.length / PER_PAGE));
    state.page = Math.min(state.page, pages - 1);
    const first = state.page * PER_PAGE;
    body.replaceChildren(...kept.slice(first, first + PER_PAGE).map((i) => row(tracks[i])));
    found.textContent = `${kept.length.toLocaleString("en")} of ${tracks.length.toLocaleString("en")}`;
    pager.hidden = pages === 1;
    place.textContent = `${state.page + 1} of ${pages}`;
    back.disabled = state.page === 0;
    on.disabled = state.page === pages - 1;
    heads.forEach((head, index) => {
      if (index === state.sort) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    chips.replaceChildren();
    for (const [name, text] of [["key", state.key], ["bpm", state.bpm && `${state.bpm.replace("-", " to ")} BPM`]]) {
      if (!text) continue;
      const chip = make("button", chips, { type: "button", class: "chip", "aria-label": `Show other than ${text} again` }, `${text} \u00d7`);
      chip.addEventListener("click", () => { state[name] = ""; state.page = 0; remember(); show(); });
    }
  }

  function remember() {
    const parts = ["q", "key", "bpm"].filter((name) => state[name]).map((name) => `${name}=${encodeURIComponent(state[name])}`);
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.href.split("#")[0]);
  }

  function recall() {
    const given = new Map(location.hash.slice(1).split("&").map((part) => part.split("=", 2)));
    for (const name of ["q", "key", "bpm"]) {
      try { state[name] = decodeURIComponent(given.get(name) || ""); } catch { state[name] = ""; }
    }
    state.page = 0;
    search.value = state.q;
    show();
  }

  heads.forEach((head, index) => {
    if (!sorters[index]) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      state.down = state.sort === index ? !state.down : false;
      state.sort = index;
      state.page = 0;
      show();
    });
  });
  search.addEventListener("input", () => { state.q = search.value; state.page = 0; remember(); show(); });
  back.addEventListener("click", () => { state.page -= 1; show(); table.scrollIntoView(); });
  on.addEventListener("click", () => { state.page += 1; show(); table.scrollIntoView(); });
  addEventListener("hashchange", recall);
  recall();
})();
