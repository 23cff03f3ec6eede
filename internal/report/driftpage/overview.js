// Scenarios by objects, with the number of findings that are shown in each.

function drawOverview() {
  if (!byId("overview").open) return;
  const columns = objects.filter((o) => data.scenarios.some((_, i) => pairIn(i, o)) || data.findings.some((f) => f.object === o));
  const counts = new Map(), drifting = new Set();
  const search = words();
  for (const f of data.findings) {
    // The filter's scenario and object are what is chosen here, so they hide nothing.
    if (!state.classes.has(f.class) || state.layer && f.layer !== state.layer || !search.every((w) => f.hay.includes(w))) continue;
    for (const i of f.scenarios) {
      const key = i + "\n" + f.object;
      counts.set(key, (counts.get(key) || 0) + 1);
      if (f.class === "drift") drifting.add(key);
    }
  }
  const head = el("tr", null, el("td"), columns.map((o) => el("th", { scope: "col" }, el("span", null, o))));
  const body = data.scenarios.map((s, i) => el("tr", null, el("th", { scope: "row", title: s.about || null }, s.name),
    columns.map((o) => cell(i, o, counts.get(i + "\n" + o) || 0, drifting.has(i + "\n" + o)))));
  byId("grid").replaceChildren(el("table.grid", { role: "grid" }, el("thead", null, head), el("tbody", null, body)));
  const first = byId("grid").querySelector("button[aria-pressed=true]") || byId("grid").querySelector("button");
  if (first) first.tabIndex = 0;
}

function cell(scenario, object, n, drifts) {
  if (!pairIn(scenario, object) && n === 0) return el("td", null, el("span.hidden", null, "not there"));
  const on = state.scenario === scenario && state.object === object;
  const label = object + " in " + data.scenarios[scenario].name + ": " + plural(n, "finding", "findings") + (drifts ? ", with drift" : "");
  return el("td", null, el("button." + (n === 0 ? "zero" : drifts ? "drifts" : "some"), {
    type: "button", tabindex: "-1", "aria-pressed": on ? "true" : "false", "aria-label": label, title: label,
    onclick: () => {
      state.scenario = on ? -1 : scenario;
      state.object = on ? "" : object;
      state.selected = state.view = -1;
      refresh();
      byId("grid").querySelector("button[tabindex='0']")?.focus();
    },
  }, n === 0 ? "·" : (drifts ? "!" : "") + n));
}

// Arrows move between the cells, which are one stop for the Tab key.
function moveInGrid(event) {
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  const from = event.target.closest("td");
  if (!steps || !from) return;
  event.preventDefault();
  event.stopPropagation();
  const rows = [...from.closest("tbody").rows];
  let y = rows.indexOf(from.parentElement), x = from.cellIndex;
  for (;;) {
    y += steps[0];
    x += steps[1];
    const next = rows[y]?.cells[x];
    if (!next || x === 0) return;
    const button = next.querySelector("button");
    if (!button) continue;
    event.target.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
    return;
  }
}
