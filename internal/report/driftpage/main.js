// What the controls do.

// select shows a finding; view is the scenario to show it in.
function select(i, view) {
  state.selected = i;
  const f = data.findings[i];
  state.view = view !== undefined && view >= 0 && f.names.has(view) ? view : -1;
  const at = shown.indexOf(leadOf(i));
  if (at >= 0) reveal(at);
  drawRows(true);
  drawDetail();
  writeAddress();
}

// refresh draws everything for a changed filter.
function refresh() {
  const counts = filter();
  drawClasses(counts);
  byId("layer").value = state.layer;
  byId("scenario").value = state.scenario;
  byId("object").value = state.object;
  if (byId("q").value !== state.q) byId("q").value = state.q;
  byId("count").textContent = plural(shown.length, "finding", "findings")
    + (shown.length < rowsInAll ? " of " + rowsInAll.toLocaleString("en") : "");
  const at = shown.indexOf(leadOf(state.selected));
  if (at < 0) byId("rows").scrollTop = 0; else reveal(at);
  drawRows(true);
  if (at >= 0) { reveal(at); drawRows(true); }
  drawDetail();
  drawOverview();
  writeAddress();
}

// filtered is refresh for a new choice: what no longer fits is no longer selected.
function filtered() {
  filter();
  if (!shown.includes(leadOf(state.selected))) state.selected = shown.length > 0 && state.selected >= 0 ? shown[0] : -1;
  state.view = -1;
  refresh();
}

function drawClasses(counts) {
  data.classes.forEach((c, i) => {
    const button = byId("class-" + c.id) || byId("classes").appendChild(el("button.class.c-" + c.id, {
      type: "button", id: "class-" + c.id, title: c.about, onclick: () => toggleClass(c.id),
    }, el("span.n"), el("span.name", null, el("span", { "aria-hidden": "true" }, signs[c.id] + " "), c.title)));
    button.setAttribute("aria-pressed", state.classes.has(c.id) ? "true" : "false");
    button.setAttribute("aria-keyshortcuts", String(i + 1));
    button.querySelector(".n").textContent = counts.get(c.id).toLocaleString("en");
  });
}

function toggleClass(id) {
  if (!state.classes.delete(id)) state.classes.add(id);
  filtered();
}

function fill(select, first, options) {
  byId(select).replaceChildren(el("option", { value: first[0] }, first[1]), ...options.map(([value, text]) => el("option", { value }, text)));
}

const themes = ["auto", "light", "dark"];

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" }[theme];
}

function nextTheme() {
  const theme = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
  setTheme(theme);
  remember.set("theme", theme);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && event.target !== byId("rows")) {
    if (event.target === byId("q") && state.q !== "") { state.q = ""; filtered(); } else focusList();
    event.preventDefault();
    return;
  }
  if (event.target === byId("q") && (event.key === "Enter" || event.key === "ArrowDown")) {
    event.preventDefault();
    focusList();
    if (!shown.includes(leadOf(state.selected))) move(1);
    return;
  }
  if (typing) return;
  const done = event.target === byId("rows") && listKey(event.key) || letterKey(event.key);
  if (done) event.preventDefault();
}

function listKey(key) {
  const page = Math.max(1, Math.floor(byId("rows").clientHeight / rowHeight) - 1);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (key === "Enter") { byId("detail").focus(); return true; }
  if (!(key in steps)) return false;
  move(steps[key]);
  return true;
}

function letterKey(key) {
  if (!byId("letters").checked) return false;
  if (/^[1-7]$/.test(key)) { toggleClass(data.classes[Number(key) - 1].id); return true; }
  const action = { j: () => move(1), k: () => move(-1), "/": () => byId("q").select(), "?": () => byId("keys").showModal(), n: () => step(1), p: () => step(-1), e: toggleFolds, t: nextTheme }[key];
  action?.();
  return action !== undefined;
}

// On paper: what the filter shows, as a plain table.
function drawPrint() {
  // Of a change every place is printed.
  const all = shown.flatMap((i) => changeOf.get(i)?.findings ?? [i]), rows = all.slice(0, 1000).map((i) => data.findings[i]);
  byId("print").replaceChildren(el("h2", null, byId("count").textContent),
    el("table", null, el("thead", null, el("tr", null, ["Class", "Where", "Upstream", "This chart", "Why"].map((t) => el("th", null, t)))),
      el("tbody", null, rows.map((f) => el("tr", null,
        el("td", null, badge(f.class)), el("td", null, el("div", null, f.object || (layers.find(([id]) => id === f.layer) || ["", f.layer])[1]), el("code", null, f.path)),
        el("td", null, el("code", null, short(f.upstream))), el("td", null, el("code", null, short(f.chart))),
        el("td", null, prose(f.why), f.remedy ? [" To do: ", ...prose(f.remedy)] : null))))),
    all.length > rows.length ? el("p", null, "and " + (all.length - rows.length) + " more") : "");
}

function start() {
  byId("app").hidden = byId("tools").hidden = false;
  setTheme(themes.includes(remember.get("theme")) ? remember.get("theme") : "auto");
  byId("letters").checked = remember.get("letters") !== "off";
  fill("layer", ["", "All"], layers);
  fill("scenario", ["-1", "All"], data.scenarios.map((s, i) => [i, s.name]));
  fill("object", ["", "All"], objects.map((o) => [o, o]));
  const on = (id, event, action) => byId(id).addEventListener(event, action);
  on("layer", "change", (e) => { state.layer = e.target.value; filtered(); });
  on("scenario", "change", (e) => { state.scenario = Number(e.target.value); filtered(); });
  on("object", "change", (e) => { state.object = e.target.value; filtered(); });
  on("q", "input", (e) => { state.q = e.target.value; filtered(); });
  on("reset", "click", () => { Object.assign(state, { classes: new Set(data.show), layer: "", scenario: -1, object: "", q: "", view: -1 }); refresh(); });
  on("theme", "click", nextTheme);
  on("help", "click", () => byId("keys").showModal());
  on("letters", "change", (e) => remember.set("letters", e.target.checked ? "on" : "off"));
  on("overview", "toggle", drawOverview);
  on("grid", "keydown", moveInGrid);
  on("rows", "scroll", () => requestAnimationFrame(() => drawRows(false)));
  document.querySelector(".skip").addEventListener("click", (e) => { e.preventDefault(); focusList(); });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => { readAddress(); refresh(); });
  window.addEventListener("resize", () => drawRows(true));
  window.addEventListener("beforeprint", drawPrint);
  readAddress();
  filter();
  if (state.selected < 0 && isWide() && shown.length > 0 && location.hash.length < 2) state.selected = shown[0];
  refresh();
}

start();
