// Elements without markup: every text becomes a text node, never HTML.

const byId = (id) => document.getElementById(id);

// el makes an element: el("td.num", {title: "x"}, "text", child).
function el(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length > 0) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

// prose gives a text with what it has in backticks as code.
function prose(text) {
  return text.split(/(`[^`\n]+`)/).map((part) =>
    part.length > 2 && part[0] === "`" && part.at(-1) === "`" ? el("code", null, part.slice(1, -1)) : part);
}

// remember keeps a choice where the browser lets it.
const remember = {
  get(key) { try { return localStorage.getItem("helm-livekit." + key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem("helm-livekit." + key, value); } catch { /* a file without storage */ } },
};

const plural = (n, one, many) => n.toLocaleString("en") + " " + (n === 1 ? one : many);
