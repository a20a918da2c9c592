"use strict";
// Draws the index and, when one is opened, a document. Text reaches the page as text alone.
const ROWS = 200; // Drawn at once; the rest on demand.
const $ = (id) => document.getElementById(id);
const parsed = (id) => JSON.parse($(id).textContent);
const index = parsed("index"); // One object a document: see report_index.py.
let listed = index, drawn = 0, order = "place", falling = false;

function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}
const bdi = (text) => el("bdi", null, text);

// ---- One explanation: the same elements as html.py draws.
const hue = (level, signed) => (!signed ? "a" : level < 0 ? "g" : "f");

function run(part, signed) {
  if (typeof part === "string") return part;
  const [text, level, figure] = part;
  return el("span", {
    class: level ? `${hue(level, signed)} n${Math.abs(level)}` : null,
    tabindex: Math.abs(level) > 1 ? 0 : null, title: `${text} ${figure}`,
  }, text);
}

function passage(part, signed) {
  if (typeof part === "string") return part;
  const [figure, percent, level, runs] = part;
  const bar = el("i", { class: `bar ${hue(level, signed)}`, tabindex: 0, title: `sentence ${figure}` });
  bar.style.setProperty("--w", `${percent}%`);
  const drawn = runs.map((r) => run(r, signed));
  const first = typeof runs[0] === "string" ? runs[0] : runs[0]?.[0] ?? "";
  if (first && first.length <= 24) drawn[0] = el("span", { class: "head" }, bar, drawn[0]);
  else drawn.unshift(bar);
  return el("span", { class: "s" }, ...drawn);
}

function verdict(read) {
  const truth = read.true === null ? null
    : el("span", { class: read.wrong ? "wrong" : "quiet" },
      `${read.wrong ? "wrong" : "right"}: true label is `, bdi(read.true));
  return el("div", { class: "verdict" }, el("strong", null, bdi(read.label)), truth,
    el("span", { class: "quiet" }, `${read.method}, for class `, bdi(read.target)));
}

function classes(read) {
  const rows = read.classes.map(([name, figure, percent, marks]) => {
    const track = figure ? el("span", { class: "track" }) : null;
    if (track) track.style.setProperty("--w", `${percent}%`);
    const mark = marks ? [" ", el("span", { class: "quiet" }, `(${marks})`)] : [];
    return el("li", null, el("div", { class: "row" },
      el("span", null, bdi(name), ...mark), el("span", null, figure)), track);
  });
  return [el("h3", null, "Probabilities"), el("ul", { class: "classes" }, ...rows)];
}

function legend(read) {
  const levels = read.signed ? [-5, -3, -1, 1, 3, 5] : [1, 2, 3, 4, 5];
  const words = read.signed ? { "-5": "against", 5: "for" } : { 1: "weak", 5: "strong" };
  const swatches = levels.map((level) => el("span",
    { class: `${hue(level, read.signed)} n${Math.abs(level)}` }, words[level] || "·"));
  return [el("h3", null, "What the colour means"), el("div", { class: "scale" }, ...swatches),
    ...[...read.legend, ...read.notes].map((sentence) => el("p", null, sentence))];
}

function facts(read) {
  const rows = read.facts.flatMap(([name, value]) => [el("dt", null, name), el("dd", null, value)]);
  return [el("h3", null, "How far to trust it"), el("dl", null, ...rows)];
}

function article(read) {
  const inside = read.passages.map((part) => passage(part, read.signed));
  const text = inside.length ? el("div", { class: "text", dir: "auto" }, ...inside)
    : el("div", { class: "text empty" }, "The document has no text.");
  return el("article", { class: "hanlib" }, verdict(read), el("div", { class: "body" }, text,
    el("aside", null, ...classes(read), ...legend(read), ...facts(read))));
}

// ---- The index.
const ORDERS = {
  place: (row) => row.place, wrongness: (row) => row.wrongness, confidence: (row) => row.confidence,
  faithful: (row) => row.faithful, words: (row) => row.words, label: (row) => row.label,
  true: (row) => row.true, text: (row) => row.text,
};
const CHOICES = {
  place: ["place", false], wrong: ["wrongness", true], unsure: ["confidence", false],
  unfaithful: ["faithful", false], long: ["words", true],
};

function sorted(rows) {
  const key = ORDERS[order];
  const known = rows.filter((row) => key(row) !== null), unknown = rows.filter((row) => key(row) === null);
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
  known.sort((a, b) => (falling ? -1 : 1) * compare(key(a), key(b)) || a.place - b.place);
  return [...known, ...unknown];
}

function holds(row, words) {
  return !words || row.shown.some(([block]) => {
    const parts = parsed(`e${block}`).passages;
    const text = parts.map((part) => (typeof part === "string" ? part
      : part[3].map((r) => (typeof r === "string" ? r : r[0])).join(""))).join("");
    return text.toLowerCase().includes(words);
  });
}

function list() {
  const label = $("label").value, truth = $("true").value, outcome = $("outcome").value;
  const words = $("search").value.trim().toLowerCase();
  listed = sorted(index.filter((row) => (label === "" || row.labels.includes(label))
    && (truth === "" || row.trues.includes(truth))
    && (outcome === "" || (outcome === "wrong") === row.wrong && row.wrong !== null)
    && holds(row, words)));
  drawn = 0;
  $("rows").replaceChildren();
  for (const head of document.querySelectorAll("th[data-order]")) {
    const here = head.dataset.order === order;
    head.setAttribute("aria-sort", here ? (falling ? "descending" : "ascending") : "none");
  }
  more();
}

function more() {
  const next = listed.slice(drawn, drawn + ROWS);
  $("rows").append(...next.map(line));
  drawn += next.length;
  $("count").textContent = `${listed.length} of ${index.length} documents`;
  $("more").hidden = drawn >= listed.length;
  $("more").textContent = `Show ${Math.min(ROWS, listed.length - drawn)} more`;
  mark();
}

function line(row) {
  const figure = (value) => el("td", { class: "figure" }, value === null ? "–" : value.toFixed(3));
  const several = row.shown.length > 1 ? el("span", { class: "quiet" }, ` ×${row.shown.length}`) : null;
  const link = el("a", { href: `#d${row.place}`, dir: "auto" }, row.text || "(no text)");
  return el("tr", { "data-place": row.place },
    el("td", { class: "figure" }, String(row.place + 1)), el("td", { class: "snippet" }, link, several),
    el("td", { class: row.wrong ? "wrong" : null }, bdi(row.label)), el("td", null, bdi(row.true ?? "–")),
    figure(row.confidence), figure(row.faithful), el("td", { class: "figure" }, String(row.words)));
}

// ---- The open document: #d12, or #d12.1 for its second explanation.
function opened() {
  const found = /^#d(\d+)(?:\.(\d+))?$/.exec(location.hash);
  const row = found && index[Number(found[1])];
  return row ? [row, Math.min(Number(found[2] || 0), row.shown.length - 1)] : [null, 0];
}

function step(row, by) {
  const at = listed.indexOf(row), to = at < 0 ? undefined : listed[at + by];
  const word = by < 0 ? "← Previous" : "Next →";
  return to ? el("a", { href: `#d${to.place}` }, word) : el("span", { class: "quiet" }, word);
}

function show() {
  const [row, chosen] = opened();
  document.body.classList.toggle("reading", row !== null);
  if (!row) { $("document").replaceChildren(el("p", { class: "quiet hint" }, "Choose a document.")); mark(); return; }
  const at = listed.indexOf(row);
  const picker = row.shown.length < 2 ? null : el("p", { class: "picker" }, "Evidence for ",
    ...row.shown.map(([, target, method], place) => el("a", {
      href: `#d${row.place}.${place}`, "aria-current": place === chosen ? "true" : null,
    }, bdi(target), ` (${method})`)));
  const steps = el("nav", null, el("a", { href: "#", class: "back" }, "All documents"), step(row, -1),
    el("span", { class: "quiet" }, at < 0 ? `document ${row.place + 1}` : `${at + 1} of ${listed.length}`),
    step(row, 1));
  $("document").replaceChildren(steps, picker ?? "", article(parsed(`e${row.shown[chosen][0]}`)));
  $("document").scrollTop = 0;
  if (getComputedStyle($("list")).display === "none") window.scrollTo(0, 0);
  mark();
}

function mark() {
  const [row] = opened();
  for (const tr of $("rows").children) {
    if (row && Number(tr.dataset.place) === row.place) tr.setAttribute("aria-current", "true");
    else tr.removeAttribute("aria-current");
  }
}

function start() {
  for (const [id, key] of [["label", "labels"], ["true", "trues"]]) {
    const names = [...new Set(index.flatMap((row) => row[key]))].sort();
    $(id).append(...names.map((name) => el("option", { value: name }, name)));
    $(id).addEventListener("change", list);
  }
  $("outcome").addEventListener("change", list);
  $("order").addEventListener("change", () => { [order, falling] = CHOICES[$("order").value]; list(); show(); });
  let waiting = 0;
  $("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(list, 250); });
  $("more").addEventListener("click", more);
  $("rows").addEventListener("click", (event) => {
    const tr = event.target.closest("tr");
    if (tr) location.hash = `#d${tr.dataset.place}`;
  });
  for (const head of document.querySelectorAll("th[data-order]")) {
    head.firstElementChild.addEventListener("click", () => {
      falling = order === head.dataset.order ? !falling : head.dataset.order === "wrongness";
      order = head.dataset.order;
      const same = ([, [key, down]]) => key === order && down === falling;
      $("order").value = Object.entries(CHOICES).find(same)?.[0] ?? "";
      list();
    });
  }
  window.addEventListener("hashchange", show);
  list();
  show();
  $("controls").hidden = false;
}
start();
