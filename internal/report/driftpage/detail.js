// What is selected: the finding in words, and the objects of a scenario side by
// side.

let unfolded = false; // whether unchanged lines are all shown

function drawDetail() {
  const box = byId("detail"), f = data.findings[state.selected];
  if (!f && !(state.scenario >= 0 && state.object)) {
    box.replaceChildren(el("p.empty", null, shown.length > 0 ? "Select a finding to see both charts side by side." : "Nothing is selected."));
    return;
  }
  const object = f ? f.object : state.object;
  const view = state.view >= 0 ? state.view : defaultView();
  box.replaceChildren(...[f && changeHead(state.selected), f ? findingHead(f) : pairHead(object), scenarioBar(f, object, view), comparison(f, object, view), scenarioValues(view)].filter(Boolean));
  box.scrollTop = 0;
  const target = box.querySelector("tr.target"), scroller = box.querySelector(".diff-box");
  if (target && scroller) scroller.scrollTop = target.offsetTop - scroller.clientHeight / 3;
}

// changeHead gives a change with all of its places, of which one is selected.
function changeHead(at) {
  const change = changeOf.get(at);
  if (!change) return null;
  const place = (i) => {
    const f = data.findings[i], where = [f.object || (layers.find(([id]) => id === f.layer) || ["", f.layer])[1], f.path].filter(Boolean).join(" ");
    return el("li", null, el("button.quiet", { type: "button", "aria-pressed": i === at ? "true" : "false", onclick: () => { select(i); byId("detail").querySelector(".places [aria-pressed=true]")?.focus(); } }, el("code", null, where)),
      f.scenarios.length > 0 && el("span", null, " " + f.scenarios.length + " of " + plural(data.scenarios.length, "scenario", "scenarios")));
  };
  return el("header.change", null,
    el("h2", null, change.title),
    el("p.why", null, prose(change.why)),
    change.made && el("p.made", null, "Made in " + change.made),
    change.remedy && el("p.remedy", null, el("strong", null, "To do "), /^helm /.test(change.remedy) ? el("code", null, change.remedy) : el("span", null, prose(change.remedy))),
    change.findings.length > 1 && el("ul.places", { "aria-label": "Places of this change" }, change.findings.map(place)));
}

function findingHead(f) {
  return el("header.finding", null,
    el("p.crumbs", null, badge(f.class), el("span", null, (layers.find(([id]) => id === f.layer) || ["", f.layer])[1]), f.object && el("span", null, f.object)),
    el("h2", null, pathWithBreaks(f.path || "(the whole object)")),
    el("div.both", null, valueBox("Upstream", f.upstream, f.chart, 0), valueBox("This chart", f.upstream, f.chart, 1)),
    f.why && f.why !== changeOf.get(state.selected)?.why && el("p.why", null, prose(f.why)),
    f.remedy && !changeOf.has(state.selected) && el("p.remedy", null, el("strong", null, "To do "), /^helm /.test(f.remedy) ? el("code", null, f.remedy) : el("span", null, prose(f.remedy))),
    el("p.actions", null, copier("Copy path", () => f.path), copier("Copy link", () => location.href)));
}

function pairHead(object) {
  return el("header.finding", null, el("p.crumbs", null, el("span", null, "Objects")), el("h2", null, object));
}

// pathWithBreaks lets a long path break at its dots.
function pathWithBreaks(path) {
  return path.split(/(?<=[.\]])/).flatMap((part) => [part, el("wbr")]);
}

function valueBox(title, upstream, chart, side) {
  const value = side === 0 ? upstream : chart;
  const body = value === null ? el("em.none", null, "absent")
    : upstream === null || chart === null ? el("code", null, value)
      : el("code", null, marked(diffWords(upstream, chart)[side], side));
  return el("figure" + (side === 0 ? ".old" : ".new"), null, el("figcaption", null, title), body);
}

function marked(pieces, side) {
  return pieces.map(([text, isMarked]) => isMarked ? el("mark." + (side === 0 ? "old" : "new"), null, text) : text);
}

function copier(label, text) {
  return el("button.quiet", { type: "button", onclick: async (event) => {
    const button = event.currentTarget;
    let done = true;
    try { await navigator.clipboard.writeText(text()); } catch { done = false; }
    button.textContent = done ? "Copied" : "The browser does not let this page copy";
    setTimeout(() => { button.textContent = label; }, 1600);
  } }, label);
}

// scenarioBar chooses among the scenarios that have the object; those that show the
// finding come first.
function scenarioBar(f, object, view) {
  if (view < 0) return null;
  const option = (i) => el("option", { value: i, selected: i === view }, data.scenarios[i].name);
  const shows = f ? f.scenarios : data.scenarios.map((_, i) => i).filter((i) => pairIn(i, object));
  const others = f ? data.scenarios.map((_, i) => i).filter((i) => !f.names.has(i) && pairIn(i, object)) : [];
  const select = el("select", { id: "view", onchange: (event) => { state.view = Number(event.target.value); drawDetail(); writeAddress(); byId("view")?.focus(); } },
    el("optgroup", { label: f ? "Shows this finding" : "Has this object" }, shows.map(option)),
    others.length > 0 && el("optgroup", { label: "Has the object, without the finding" }, others.map(option)));
  return el("div.scenario", null,
    el("label", null, "Scenario ", select),
    f && el("span.of", null, "seen in " + shows.length + " of " + data.scenarios.length),
    data.scenarios[view].about && el("p.about", null, prose(data.scenarios[view].about)));
}

function comparison(f, object, view) {
  if (view < 0 || !object) return null;
  const scenario = data.scenarios[view], pair = pairIn(view, object);
  const parts = [];
  if (scenario.error) parts.push(el("p.error", { role: "note" }, "A chart did not render in this scenario: " + scenario.error));
  if (!pair) return parts.length > 0 ? el("div", null, parts) : null;
  const left = data.texts[pair.upstream], right = data.texts[pair.chart];
  if (left === "" || right === "") parts.push(el("p.error", null, left === "" ? "Upstream has no such object in this scenario." : "This chart has no such object in this scenario."));
  if (left === "" || right === "") return el("section.comparison", { "aria-label": "The object as YAML" }, parts, oneSide(left, right, pair, f));
  const rows = withMarks(diffTexts(left, right), pair);
  const changes = rows.filter((row) => row.kind !== "same").length;
  const bar = el("div.diff-bar", null,
    el("span", null, changes === 0 ? "Both are the same" : plural(changes, "line differs", "lines differ")),
    changes > 0 && el("button.quiet", { type: "button", onclick: () => step(-1) }, "Previous"),
    changes > 0 && el("button.quiet", { type: "button", onclick: () => step(1) }, "Next"),
    el("button.quiet", { type: "button", id: "unfold", "aria-pressed": unfolded ? "true" : "false", onclick: toggleFolds }, "All lines"));
  parts.push(bar, diffTable(rows, f));
  return el("section.comparison", { "aria-label": "Both objects as YAML" }, parts);
}

// withMarks gives each row the findings that are on it.
function withMarks(rows, pair) {
  const left = new Map(), right = new Map();
  const put = (map, line, finding) => { if (line > 0) map.set(line, [...(map.get(line) || []), finding]); };
  for (const [finding, up, own] of pair.marks) { put(left, up, finding); put(right, own, finding); }
  for (const row of rows) {
    row.findings = [...new Set([...(row.left && left.get(row.left.number) || []), ...(row.right && right.get(row.right.number) || [])])];
  }
  return rows;
}

function diffTable(rows, f) {
  const body = el("tbody"), at = f ? data.findings.indexOf(f) : -1;
  const add = (row) => body.append(diffRow(row, at));
  const isOfChange = (i) => at >= 0 && leadOf(i) === leadOf(at);
  const folded = unfolded ? rows : foldRows(rows, 3, (row) => row.findings.some(isOfChange));
  for (const row of folded) row.fold ? body.append(foldRow(row.fold, at)) : add(row);
  return el("div.diff-box", { tabindex: "0", role: "region", "aria-label": "Lines of both objects" },
    el("table.diff", null,
      el("colgroup", null, el("col.n"), el("col.t"), el("col.n"), el("col.t")),
      el("thead", null, el("tr", null, el("th", { colspan: 2, scope: "colgroup" }, "Upstream"), el("th", { colspan: 2, scope: "colgroup" }, "This chart"))), body));
}

// oneSide shows an object that only one chart has: there is nothing to stand beside it.
function oneSide(left, right, pair, f) {
  const side = left === "" ? 1 : 0, at = f ? data.findings.indexOf(f) : -1;
  const body = el("tbody"), marks = withMarks(diffTexts(left, right), pair);
  for (const row of marks) {
    const line = row.left || row.right;
    body.append(el("tr", null, el("td.n", null, String(line.number)), el("td.t", null, el("span.code", null, line.text), row.findings.map((i) => flag(i, at)))));
  }
  return el("div.diff-box", { tabindex: "0", role: "region", "aria-label": "Lines of the object" },
    el("table.diff.one", null, el("colgroup", null, el("col.n"), el("col.t")),
      el("thead", null, el("tr", null, el("th", { colspan: 2, scope: "colgroup" }, side === 0 ? "Upstream alone" : "This chart alone"))), body));
}

function foldRow(rows, at) {
  const row = el("tr.fold", null, el("td", { colspan: 4 }, el("button.quiet", { type: "button", onclick: () => {
    const lines = rows.map((r) => diffRow(r, at));
    row.replaceWith(...lines);
    lines[0].closest(".diff-box").focus({ preventScroll: true });
  } }, "⋯ " + plural(rows.length, "unchanged line", "unchanged lines"))));
  return row;
}

const kindWords = { changed: "changed", left: "upstream alone", right: "this chart alone" };

function diffRow(row, at) {
  const [l, r] = row.kind === "changed" ? diffWords(row.left.text, row.right.text)
    : [row.left && [[row.left.text, false]], row.right && [[row.right.text, false]]];
  const sign = { changed: ["~", "~"], left: ["−", ""], right: ["", "+"], same: ["", ""] }[row.kind];
  const cells = (side, line, pieces) => line === null
    ? [el("td.n.void"), el("td.t.void")]
    : [el("td.n", null, String(line.number)),
      el("td.t." + (side === 0 ? "l" : "r"), null,
        el("span.sign", { "aria-hidden": "true" }, sign[side]),
        side === (row.left ? 0 : 1) && row.kind !== "same" && el("span.hidden", null, kindWords[row.kind] + ": "),
        el("span.code", null, marked(pieces, side)),
        side === (row.right ? 1 : 0) && row.findings.map((i) => flag(i, at)))];
  const isTarget = at >= 0 && row.findings.includes(at);
  return el("tr.k-" + row.kind + (isTarget ? ".target" : ""), isTarget ? { "aria-current": "true" } : null, cells(0, row.left, l), cells(1, row.right, r));
}

// flag leads from a line to the finding that is on it.
function flag(i, at) {
  const f = data.findings[i], title = (classOf.get(f.class)?.title || f.class) + ": " + (f.why || f.path);
  return el("button.flag.c-" + f.class + (i === at ? ".on" : ""), { type: "button", title, "aria-label": title, onclick: () => { const view = state.view; select(i, view); } },
    el("span", { "aria-hidden": "true" }, signs[f.class] || "?"));
}

function toggleFolds() {
  unfolded = !unfolded;
  drawDetail();
  byId("unfold")?.focus();
}

// step goes to the next block of changed lines.
function step(by) {
  const box = document.querySelector(".diff-box");
  if (!box) return;
  const starts = [...box.querySelectorAll("tbody tr")].filter((row) => isChange(row) && !isChange(row.previousElementSibling));
  const middle = box.scrollTop + box.clientHeight / 3;
  const tops = starts.map((row) => row.offsetTop);
  const next = by > 0 ? tops.find((top) => top > middle + 4) : tops.findLast((top) => top < middle - 4);
  if (next !== undefined) box.scrollTop = next - box.clientHeight / 3;
}

const isChange = (row) => row !== null && /\bk-(changed|left|right)\b/.test(row.className);

function scenarioValues(view) {
  if (view < 0) return null;
  const scenario = data.scenarios[view], up = data.texts[scenario.upstreamValues], own = data.texts[scenario.chartValues];
  if (!up && !own) return null;
  const box = (title, text) => el("figure", null, el("figcaption", null, title), text ? el("pre", { tabindex: "0" }, text) : el("em.none", null, "the chart's own defaults"));
  return el("details.values", null, el("summary", null, "Values of this scenario"), el("div.both", null, box("Upstream", up), box("This chart", own)));
}
