// The list of findings: of thousands only those in sight are in the document.

const rowHeight = 68; // as in the style, in pixels
let drawnFrom = -1, drawnTo = -1;

function drawRows(force) {
  const box = byId("rows");
  const from = Math.max(0, Math.floor(box.scrollTop / rowHeight) - 6);
  const to = Math.min(shown.length, Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + 6);
  if (!force && from === drawnFrom && to === drawnTo) return;
  drawnFrom = from;
  drawnTo = to;
  const canvas = el("div.canvas", { role: "presentation" });
  canvas.style.height = Math.max(shown.length * rowHeight, 0) + "px";
  for (let i = from; i < to; i++) canvas.append(rowOf(i));
  // The selected row is there even out of sight: it is what a screen reader is told.
  const at = shown.indexOf(leadOf(state.selected));
  if (at >= 0 && (at < from || at >= to)) canvas.append(rowOf(at));
  const top = box.scrollTop;
  box.replaceChildren(shown.length > 0 ? canvas : nothing());
  box.scrollTop = top;
  if (at >= 0) box.setAttribute("aria-activedescendant", "row-" + leadOf(state.selected));
  else box.removeAttribute("aria-activedescendant");
}

function nothing() {
  const hidden = data.findings.length > 0;
  return el("p.empty", { role: "presentation" }, hidden ? "No finding fits. Show more classes, or reset the filter." : "There are no findings.");
}

function rowOf(i) {
  const position = shown[i], f = data.findings[position], change = changeOf.get(position);
  const row = el("div.row", {
    id: "row-" + position, role: "option", "aria-selected": position === leadOf(state.selected) ? "true" : "false",
    "aria-setsize": shown.length, "aria-posinset": i + 1, onclick: () => { select(position); focusList(); if (!isWide()) byId("detail").scrollIntoView({ block: "start" }); },
  },
  badge(f.class, true),
  el("span.what", null,
    el("span.path", { title: change ? change.title : f.path }, change ? change.title : tail(f.path || "(the whole object)")),
    el("span.where", null, change && change.findings.length > 1 ? plural(change.findings.length, "place", "places") : placeOf(f)),
    el("span.values", null, el("span.old", null, short(f.upstream)), el("span.arrow", { "aria-label": "upstream, against" }, " ⇄ "), el("span.new", null, short(f.chart)))));
  row.style.top = i * rowHeight + "px";
  return row;
}

const short = (value) => value === null ? "absent" : value.length > 90 ? value.slice(0, 90) + "…" : value.replaceAll("\n", " ⏎ ");

// tail leaves out the beginning of a path that is too long: its end says more.
function tail(path) {
  const room = Math.max(24, Math.floor((byId("rows").clientWidth - 65) / 7.8));
  if (path.length <= room) return path;
  const from = path.length - room + 2;
  const dot = path.slice(from).search(/[.[]/);
  return "…" + path.slice(dot >= 0 && dot < 14 ? from + dot : from).replace(/^\./, "");
}

const isWide = () => matchMedia("(min-width: 60rem)").matches;

// focusList goes to the list, and scrolls only where it is out of sight.
function focusList() {
  const box = byId("rows");
  box.focus({ preventScroll: true });
  const { top, bottom } = box.getBoundingClientRect();
  if (top > innerHeight * 0.75 || bottom < innerHeight * 0.25) box.scrollIntoView({ block: "nearest" });
}

function placeOf(f) {
  const layer = layers.find(([id]) => id === f.layer);
  const place = f.object || (layer ? layer[1] : f.layer);
  return f.scenarios.length > 0 ? place + " · " + plural(f.scenarios.length, "scenario", "scenarios") : place;
}

// Classes have a sign besides their colour.
const signs = { drift: "!", "left-out": "○", accepted: "✓", values: "=", ours: "◆", convention: "≈", extra: "+" };

function badge(id, signOnly) {
  const title = classOf.get(id)?.title || id;
  return el("span.badge.c-" + id, { title: signOnly ? title : null },
    el("span", { "aria-hidden": "true" }, signs[id] || "?"), signOnly ? el("span.hidden", null, title + ": ") : " " + title);
}

// reveal scrolls the list, no further than needed, to a row.
function reveal(i) {
  const box = byId("rows"), top = i * rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + rowHeight - box.clientHeight;
}

// move selects the finding some places further on.
function move(by) {
  if (shown.length === 0) return;
  const at = shown.indexOf(leadOf(state.selected));
  const to = at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1);
  select(shown[to]);
}
