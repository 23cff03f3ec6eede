// The report, the filter over it, and the address that says both.

const data = JSON.parse(byId("data").textContent);
const layers = [["version", "Versions"], ["values", "Values"], ["objects", "Objects"]];
const classOf = new Map(data.classes.map((c) => [c.id, c]));
const findingAt = new Map(data.findings.map((f, i) => [f.id, i]));
const scenarioAt = new Map(data.scenarios.map((s, i) => [s.name, i]));

// A change is one row of the list, in which the first of its findings stands for all.
const changeOf = new Map(data.changes.flatMap((c) => c.findings.map((i) => [i, c])));
const leadOf = (i) => changeOf.get(i)?.findings[0] ?? i;
const rowsInAll = new Set(data.findings.map((_, i) => leadOf(i))).size;

// Objects in the order of the findings, then those that differ in nothing.
const objects = [...new Set([...data.findings.map((f) => f.object).filter(Boolean),
  ...data.scenarios.flatMap((s) => s.pairs.map((p) => p.object))])].sort();

data.findings.forEach((f) => {
  f.names = new Set(f.scenarios);
  f.hay = [f.class, classOf.get(f.class)?.title, f.layer, f.object, f.path, f.upstream, f.chart, f.why, f.remedy,
    ...f.scenarios.map((i) => data.scenarios[i].name)].join("\n").toLowerCase();
});

// state is all that the address says. selected is a position in the findings or
// -1; view is the scenario whose objects are shown, by its position, or -1.
const state = { classes: new Set(data.show), layer: "", scenario: -1, object: "", q: "", selected: -1, view: -1 };
let shown = []; // positions of the findings that the filter lets through

const words = () => state.q.toLowerCase().split(/\s+/).filter(Boolean);

// passes says whether a finding fits the filter, classes aside.
function passes(f, search) {
  return (state.layer === "" || f.layer === state.layer)
    && (state.object === "" || f.object === state.object)
    && (state.scenario < 0 || f.names.has(state.scenario))
    && search.every((w) => f.hay.includes(w));
}

// filter fills shown, and gives how many findings of each class fit otherwise.
function filter() {
  const search = words(), counts = new Map(data.classes.map((c) => [c.id, 0])), seen = new Set();
  shown = [];
  data.findings.forEach((f, i) => {
    const lead = leadOf(i);
    if (seen.has(lead) || !passes(f, search)) return;
    seen.add(lead);
    counts.set(f.class, counts.get(f.class) + 1);
    if (state.classes.has(f.class)) shown.push(lead);
  });
  const rank = new Map(data.classes.map((c, i) => [c.id, i]));
  shown.sort((a, b) => rank.get(data.findings[a].class) - rank.get(data.findings[b].class) || a - b);
  return counts;
}

// The address: everything that differs from what the page begins with.
function writeAddress() {
  const p = new URLSearchParams();
  const classes = data.classes.map((c) => c.id).filter((c) => state.classes.has(c));
  if (classes.join() !== data.show.join()) p.set("class", classes.join(","));
  if (state.layer) p.set("layer", state.layer);
  if (state.scenario >= 0) p.set("scenario", data.scenarios[state.scenario].name);
  if (state.object) p.set("object", state.object);
  if (state.q) p.set("q", state.q);
  if (state.selected >= 0) p.set("finding", data.findings[state.selected].id);
  if (state.view >= 0 && state.view !== defaultView()) p.set("view", data.scenarios[state.view].name);
  const hash = p.toString();
  if (hash === location.hash.slice(1)) return;
  try { history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search); } catch { location.hash = hash; }
}

function readAddress() {
  const p = new URLSearchParams(location.hash.slice(1));
  const known = (name, map) => map.has(p.get(name)) ? map.get(p.get(name)) : -1;
  state.classes = new Set(p.has("class") ? p.get("class").split(",").filter((c) => classOf.has(c)) : data.show);
  state.layer = layers.some(([id]) => id === p.get("layer")) ? p.get("layer") : "";
  state.scenario = known("scenario", scenarioAt);
  state.object = objects.includes(p.get("object")) ? p.get("object") : "";
  state.q = p.get("q") || "";
  state.selected = known("finding", findingAt);
  state.view = known("view", scenarioAt);
}

// defaultView is the scenario that a selection is shown in unless another is
// chosen: the filter's, else the first that shows it.
function defaultView() {
  const f = data.findings[state.selected];
  if (!f) return state.scenario;
  if (state.scenario >= 0 && f.names.has(state.scenario)) return state.scenario;
  return f.scenarios.length > 0 ? f.scenarios[0] : -1;
}

// pairIn finds the pair of a scenario for an object.
function pairIn(scenario, object) {
  return scenario < 0 ? undefined : data.scenarios[scenario].pairs.find((p) => p.object === object);
}
