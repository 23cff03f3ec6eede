// Two YAML texts, line by line. Lines are aligned by where they are in the
// document, not only by what they say, so that "image: a" stands beside "image: b" of
// the same container.

const maxCells = 4e6; // of the table of an alignment: some 20 ms

// outline gives, for each line, its indentation, its key and the path of its
// parents. Elements of a list are told apart by their name where they have one.
function outline(lines) {
  const stack = [];
  return lines.map((line, i) => {
    const dash = line.match(/^(\s*)((?:- +)+|-$)/);
    const indent = line.search(/\S|$/);
    while (stack.length > 0 && (stack.at(-1).indent > indent
      || stack.at(-1).indent === indent && !(dash && !stack.at(-1).dash))) stack.pop();
    let parents = stack.map((s) => s.key).join("\u0001");
    let body = line.slice(indent);
    if (dash) {
      const column = indent + dash[2].length;
      const key = "- " + elementName(lines, i, column, body.slice(dash[2].length));
      stack.push({ indent, key, dash: true });
      parents += "\u0001" + key;
      body = line.slice(column);
      const inner = body.match(/^("[^"]*"|[^\s:#][^:]*):(\s|$)/);
      if (inner) stack.push({ indent: column, key: inner[1], dash: false });
      return { text: line, parents, key: inner ? inner[1] : null, dash: true };
    }
    const found = body.match(/^("[^"]*"|[^\s:#][^:]*):(\s|$)/);
    if (found) stack.push({ indent, key: found[1], dash: false });
    return { text: line, parents, key: found ? found[1] : null, dash: false };
  });
}

function elementName(lines, from, column, first) {
  if (/^name: /.test(first)) return ofServer(first);
  for (let i = from + 1; i < lines.length; i++) {
    const indent = lines[i].search(/\S|$/);
    if (indent < column) break;
    if (indent === column && lines[i].startsWith("name: ", indent)) return ofServer(lines[i].slice(indent));
  }
  return first;
}

// ofServer gives the server one name: its container is called after each chart.
const ofServer = (name) => /^name: livekit(-server)?$/.test(name) ? "name: <server>" : name;

// alike scores two lines: 0 where they must not stand side by side.
function alike(a, b) {
  const place = a.parents === b.parents;
  if (a.text === b.text) return place ? 8 : (a.text.trim().length > 3 ? 2 : 1);
  return place && a.key !== null && a.key === b.key && a.dash === b.dash ? 5 : 0;
}

// alignLines gives pairs [i, j] of positions in both lists, -1 where a side has no
// line.
function alignLines(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start].text === b[start].text) start++;
  let endA = a.length, endB = b.length;
  while (endA > start && endB > start && a[endA - 1].text === b[endB - 1].text) { endA--; endB--; }
  const out = [];
  for (let i = 0; i < start; i++) out.push([i, i]);
  out.push(...alignMiddle(a, b, start, endA, start, endB));
  for (let i = endA, j = endB; i < a.length; i++, j++) out.push([i, j]);
  return out;
}

function alignMiddle(a, b, fromA, toA, fromB, toB) {
  const n = toA - fromA, m = toB - fromB, out = [];
  if (n === 0 || m === 0 || n * m > maxCells) {
    if (n > 0 && m > 0) return alignAnchored(a, b, fromA, toA, fromB, toB);
    for (let i = fromA; i < toA; i++) out.push([i, -1]);
    for (let j = fromB; j < toB; j++) out.push([-1, j]);
    return out;
  }
  const width = m + 1;
  const best = new Uint32Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      const score = alike(a[fromA + i], b[fromB + j]);
      best[i * width + j] = Math.max(best[(i + 1) * width + j], best[i * width + j + 1],
        score > 0 ? best[(i + 1) * width + j + 1] + score : 0);
    }
  }
  let i = 0, j = 0;
  while (i < n && j < m) {
    const score = alike(a[fromA + i], b[fromB + j]);
    const here = best[i * width + j];
    if (score > 0 && here === best[(i + 1) * width + j + 1] + score) out.push([fromA + i++, fromB + j++]);
    else if (here === best[(i + 1) * width + j]) out.push([fromA + i++, -1]);
    else out.push([-1, fromB + j++]);
  }
  while (i < n) out.push([fromA + i++, -1]);
  while (j < m) out.push([-1, fromB + j++]);
  return out;
}

// alignAnchored is for texts too long to compare every line with every other: lines
// that are once in both hold the rest together.
function alignAnchored(a, b, fromA, toA, fromB, toB) {
  const once = (list, from, to) => {
    const seen = new Map();
    for (let i = from; i < to; i++) seen.set(list[i].text, seen.has(list[i].text) ? -1 : i);
    return seen;
  };
  const inB = once(b, fromB, toB), pairs = [];
  let lastB = fromB - 1;
  for (const [text, i] of once(a, fromA, toA)) {
    const j = i < 0 ? undefined : inB.get(text);
    // A step far ahead would lose all between: only near ones hold.
    if (j !== undefined && j > lastB && j - lastB < 2000) { pairs.push([i, j]); lastB = j; }
  }
  const out = [];
  let atA = fromA, atB = fromB;
  const upTo = (i, j) => {
    if ((i - atA) * (j - atB) <= maxCells) out.push(...alignMiddle(a, b, atA, i, atB, j));
    else {
      for (let x = atA; x < i; x++) out.push([x, -1]);
      for (let x = atB; x < j; x++) out.push([-1, x]);
    }
  };
  for (const [i, j] of pairs) {
    upTo(i, j);
    out.push([i, j]);
    atA = i + 1;
    atB = j + 1;
  }
  upTo(toA, toB);
  return out;
}

// diffTexts gives rows {left, right, kind}: kind is "same", "changed", "left" or
// "right", left and right are {number, text} or null.
function diffTexts(left, right) {
  const a = left === "" ? [] : outline(left.split("\n"));
  const b = right === "" ? [] : outline(right.split("\n"));
  return alignLines(a, b).map(([i, j]) => {
    const l = i < 0 ? null : { number: i + 1, text: a[i].text };
    const r = j < 0 ? null : { number: j + 1, text: b[j].text };
    const kind = l === null ? "right" : r === null ? "left" : l.text === r.text ? "same" : "changed";
    return { left: l, right: r, kind };
  });
}

// diffWords gives the pieces [text, isMarked] of both sides of a changed line. Lines
// with little in common are marked whole, but for their indentation and key.
function diffWords(left, right) {
  const split = (s) => s.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) || [];
  const a = split(left), b = split(right);
  if (a.length * b.length > 1e6) return [[[left, true]], [[right, true]]];
  const width = b.length + 1, best = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] = a[i] === b[j] ? best[(i + 1) * width + j + 1] + a[i].length
        : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    }
  }
  const out = [[], []];
  const add = (side, text, marked) => {
    const list = out[side], last = list.at(-1);
    if (last && last[1] === marked) last[0] += text; else list.push([text, marked]);
  };
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { add(0, a[i++], false); add(1, b[j++], false); }
    else if (j >= b.length || i < a.length && best[(i + 1) * width + j] >= best[i * width + j + 1]) add(0, a[i++], true);
    else add(1, b[j++], true);
  }
  return out;
}

// foldRows gives the rows with long runs of unchanged ones, which keep() does not
// want, as {fold: rows}.
function foldRows(rows, around, keep) {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, i) => {
    if (row.kind === "same" && !keep(row)) return;
    for (let x = Math.max(0, i - around); x <= Math.min(rows.length - 1, i + around); x++) near[x] = 1;
  });
  const out = [];
  for (let i = 0; i < rows.length;) {
    let end = i;
    while (end < rows.length && !near[end]) end++;
    if (end - i > 2) { out.push({ fold: rows.slice(i, end) }); i = end; }
    else out.push(rows[i++]);
  }
  return out;
}
