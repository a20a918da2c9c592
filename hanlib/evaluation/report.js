// The list of documents and, next to it or instead of it, the open document (see explanation.js).
const ROWS = 200; // Rows shown at first; the others on demand.
const $ = (id) => document.getElementById(id);
const parsed = (id) => JSON.parse($(id).textContent);
const { names, rows } = parsed("index"); // See report_index.py.
const index = rows.map((row, number) => ({ ...Object.fromEntries(row.map((value, i) => [names[i], value])), number }));
let listed = index, drawn = 0;

// ---- The list.
const ORDERS = { // Sort key, and whether the order is descending.
  index: [(row) => row.number, false], wrong: [(row) => row.wrongness, true], unsure: [(row) => row.confidence, false],
  "unfaithful-word": [(row) => row.gains.word, false], "unfaithful-sentence": [(row) => row.gains.sentence, false],
  long: [(row) => row.words, true], short: [(row) => row.words, false],
};

function sorted(rows) {
  const [key, falling] = ORDERS[$("order").value];
  const known = rows.filter((row) => key(row) != null), unknown = rows.filter((row) => key(row) == null);
  known.sort((a, b) => (falling ? -1 : 1) * (key(a) - key(b)) || a.number - b.number);
  return [...known, ...unknown];
}

const textOf = (parts) => parts.map((part) => (isText(part) ? part : part[3].map((r) => (isText(r) ? r : r[0])).join(""))).join("");
const contains = (row, words) => !words || row.shown.some(([block]) => textOf(parsed(`e${block}`).passages).toLowerCase().includes(words));

function list() {
  const label = $("label").value, truth = $("true").value, outcome = $("outcome").value;
  const words = $("search").value.trim().toLowerCase();
  listed = sorted(index.filter((row) => (label === "" || labels(row).includes(label)) && (truth === "" || trues(row).includes(truth))
    && (outcome === "" || (outcome === "wrong") === row.wrong && row.wrong !== null) && contains(row, words)));
  drawn = 0;
  $("rows").replaceChildren();
  more();
}
const labels = (row) => row.labels ?? [row.label];
const trues = (row) => row.trues ?? (row.true === null ? [] : [row.true]);

function more() {
  const next = listed.slice(drawn, drawn + ROWS);
  $("rows").append(...next.map(line));
  drawn += next.length;
  $("count").textContent = `${listed.length} of ${index.length} documents`;
  $("more").hidden = drawn >= listed.length;
  $("more").textContent = `Show ${Math.min(ROWS, listed.length - drawn)} more`;
  mark();
}

function snippet(row) {
  const text = textOf(parsed(`e${row.shown[0][0]}`).passages).slice(0, 500).replace(/<br\s*\/?>|\s+/gi, " ").replace(/ +/g, " ").trim();
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

function line(row) {
  const share = row.confidence === null ? "" : `, ${percent(row.confidence)}`;
  const gains = Object.entries(row.gains).map(([level, gain]) => `${level}s ${gain > 0 ? "+" : ""}${(100 * gain).toFixed(1)}`);
  const figures = [`${row.words} words`, ...(row.shown.length > 1 ? [`${row.shown.length} explanations`] : []),
    ...(gains.length ? [`points over chance: ${gains.join(", ")}`] : [])];
  const truth = row.wrong ? [", true ", bdi(row.true)] : [];
  return make("li", { "data-number": row.number },
    make("a", { href: `#d${row.number}` }, make("span", { class: "snippet", dir: "auto" }, snippet(row) || "(no text)"),
      make("span", { class: row.wrong ? "wrong" : "" }, `${row.number + 1}. `, bdi(row.label), ...truth), `${share} `,
      make("span", { class: "quiet" }, figures.join("; "))));
}

// ---- The open document: #d12, or #d12.1 for its second explanation. Initially the first of the list.
function opened() {
  const found = /^#d(\d+)(?:\.(\d+))?$/.exec(location.hash);
  const row = found && index[Number(found[1])];
  return row ? [row, Math.min(Number(found[2] || 0), row.shown.length - 1), true] : [listed[0], 0, false];
}

function step(row, by) {
  const at = listed.indexOf(row), to = at < 0 ? undefined : listed[at + by];
  const word = by < 0 ? "← Previous" : "Next →";
  return to ? make("a", { href: `#d${to.number}` }, word) : make("span", { class: "quiet" }, word);
}

function show() {
  const [row, chosen, asked] = opened();
  document.body.classList.toggle("reading", asked);
  if (!row) return $("document").replaceChildren();
  const at = listed.indexOf(row), record = parsed(`e${row.shown[chosen][0]}`);
  const choice = row.shown.length < 2 ? "" : make("p", { class: "choice" }, "Evidence for ",
    ...row.shown.map(([, target, method], i) => make("a", {
      href: `#d${row.number}.${i}`, "aria-current": i === chosen ? "true" : null }, bdi(target), ` (${method})`)));
  const steps = make("nav", null, make("a", { href: "#documents", class: "back" }, "All documents"), step(row, -1),
    make("span", { class: "quiet" }, at < 0 ? `document ${row.number + 1}` : `${at + 1} of ${listed.length}`), step(row, 1));
  hideScore();
  $("document").replaceChildren(steps, choice, interactive(article(record), record));
  $("document").scrollTop = 0;
  if (asked) $("document").scrollIntoView({ block: "nearest" });
  mark();
}

function mark() {
  const [row] = opened();
  for (const item of $("rows").children) {
    const here = row && Number(item.dataset.number) === row.number;
    if (here) item.setAttribute("aria-current", "true"); else item.removeAttribute("aria-current");
  }
}

function start() {
  for (const [id, names] of [["label", labels], ["true", trues]]) {
    const all = [...new Set(index.flatMap(names))].sort();
    $(id).append(...all.map((name) => make("option", { value: name }, name)));
    if (!all.length) $(id).parentElement.hidden = true;
  }
  for (const option of [...$("order").options]) if (index.every((row) => ORDERS[option.value][0](row) == null)) option.remove();
  for (const id of ["label", "true", "outcome", "order"]) $(id).addEventListener("change", () => { list(); show(); });
  if (index.every((row) => row.wrong === null)) $("outcome").parentElement.hidden = true;
  let waiting = 0;
  $("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(list, 250); });
  $("more").addEventListener("click", more);
  window.addEventListener("hashchange", show);
  list();
  show();
  $("controls").hidden = false;
}
start();
