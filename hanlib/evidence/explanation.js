// Renders a display record (display_record.py); html.py creates the same elements as static HTML.
// Text of documents and labels is only ever inserted as text nodes.
const LEVELS = 5;

const isText = (part) => typeof part === "string";
const methodOf = (record) => (isText(record.method) ? METHODS[record.method] : record.method);
const hue = (level, signed) => (!signed ? "look" : level < 0 ? "against" : "for");

function percent(value) {
  if (value > 0 && value < .0005) return "< 0.1 %";
  return value >= .9995 && value < 1 ? "> 99.9 %" : `${(100 * value).toFixed(1)} %`;
}

function article(record) {
  const method = methodOf(record);
  const text = record.passages?.length
    ? make("div", { class: "text", dir: "auto" }, ...record.passages.map((part) => passage(part, method.signed)))
    : make("div", { class: "text empty" }, "The document has no text.");
  return make("article", { class: "hanlib" }, verdict(record, method), make("div", { class: "body" }, record.passages && text,
    make("aside", null, ...classes(record), ...(record.passages ? [...legend(record, method), ...trust(record)] : []))));
}

function verdict(record, method) {
  const truth = record.true === null ? null : make("span", { class: record.wrong ? "wrong" : "quiet" },
    `${record.wrong ? "wrong" : "right"}: true label is `, bdi(record.true));
  const evidence = record.passages && make("span", { class: "quiet" }, "Evidence for class ", bdi(record.target), `, by ${method.title}`);
  return make("div", { class: "verdict" }, make("strong", null, bdi(record.label)), truth, evidence);
}

function passage(part, signed) {
  if (isText(part)) return part;
  const [score, width, level, runs] = part;
  return make("span", { class: level ? `s ${hue(level, signed)}` : "s", "--w": level ? width : "", title: `sentence ${score}` },
    ...runs.map((r) => run(r, signed)));
}

function run(part, signed) {
  if (isText(part)) return part;
  const [text, level, score] = part;
  return make("span", { class: level ? `${hue(level, signed)} n${Math.abs(level)}` : null, title: `${text} ${score}` }, text);
}

function classes(record) {
  const row = ([name, percent, width, remark, given]) => make("li", { class: given ? "given" : null },
    make("div", { class: "row" },
      make("span", null, bdi(name), ...(remark ? [" ", make("span", { class: "quiet" }, `(${remark})`)] : [])), make("span", null, percent)),
    make("span", { class: "track", "--w": width }));
  const further = record.further ? make("li", { class: "quiet" }, `${record.further.toLocaleString("en")} further classes`) : null;
  const list = make("ul", { class: "classes" }, ...record.classes.map(row), further);
  if (record.others) {
    const show = () => further.replaceWith(...record.others.map(row));
    further.replaceChildren(make("button", { type: "button", class: "link", onclick: show }, `Show ${further.textContent}`));
  }
  return [make("h3", null, "Probabilities"), list];
}

function legend(record, method) {
  const levels = method.signed ? [-LEVELS, -3, -1, 1, 3, LEVELS] : [1, 2, 3, 4, LEVELS];
  const words = method.signed ? { [-LEVELS]: "against", [LEVELS]: "for" } : { 1: "weak", [LEVELS]: "strong" };
  const scale = levels.map((n) => make("span", { class: `${hue(n, method.signed)} n${Math.abs(n)}` }, words[n] ?? "·"));
  const notes = [...(method.meaning ? [method.meaning] : []), ...method.legend, ...record.notes];
  return [make("h3", null, "What the color means"), make("div", { class: "scale" }, ...scale),
    ...notes.map((sentence) => make("p", null, sentence))];
}

function trust(record) {
  const rows = record.figures.flatMap(([name, value]) => [make("dt", null, name), make("dd", null, value)]);
  const sentences = record.trust.length ? [...record.trust, TRUST.note] : [TRUST.unmeasured];
  const more = make("details", null, make("summary", null, "Details"), make("dl", null, ...rows));
  return [make("h3", null, "How far to trust it"), ...sentences.map((sentence) => make("p", null, sentence)),
    ...(rows.length ? [more] : [])];
}

// ---- Interaction: scores by keyboard and mouse, and a table of the strongest words and sentences.
const tooltip = make("div", { class: "tooltip", id: "tooltip", role: "status", hidden: true });

/** Adds the table and the keyboard navigation to an article. */
function interactive(drawn, record) {
  const text = drawn.querySelector(".text:not(.empty)");
  if (!text) return drawn;
  if (!tooltip.isConnected) document.body.append(tooltip);
  for (const [name, value] of Object.entries({ tabindex: 0, role: "group",
    "aria-label": "The text, shaded by score. The arrow keys go from word to word." })) text.setAttribute(name, value);
  walkable(text);
  drawn.querySelector("aside").append(strongest(record, text));
  return drawn;
}

function showScore(node) {
  if (node.title) [node.dataset.score, node.title] = [node.title, ""]; // Not shown twice.
  tooltip.textContent = node.dataset.score;
  tooltip.hidden = false;
  const at = node.getClientRects()[0], below = at.bottom + tooltip.offsetHeight + 12 < innerHeight;
  tooltip.style.top = `${below ? at.bottom + 6 : Math.max(4, at.top - tooltip.offsetHeight - 6)}px`;
  tooltip.style.left = `${Math.max(4, Math.min(at.left, innerWidth - tooltip.offsetWidth - 8))}px`;
}

const hideScore = () => { tooltip.hidden = true; };
const SCORED = "[title], [data-score]", WORDS = ".s :is([title], [data-score])";

/** Makes the text one Tab stop, in which the arrow keys move between words and between sentences. */
function walkable(text) {
  let current = null;
  const go = (word) => {
    current?.classList.remove("current");
    current = word;
    if (!word) return hideScore();
    word.classList.add("current");
    word.scrollIntoView({ block: "nearest", behavior: "instant" });
    showScore(word);
  };
  text.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") go(null);
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    const byLine = event.key === "ArrowDown" || event.key === "ArrowUp";
    let all = [...text.querySelectorAll(WORDS)];
    // The first words of the sentences.
    if (byLine) all = all.filter((word, i) => !i || word.parentElement !== all[i - 1].parentElement);
    if (!all.length) return;
    event.preventDefault();
    const at = all.findIndex((word) => (byLine ? word.parentElement === current?.parentElement : word === current));
    go(all[Math.max(0, Math.min(all.length - 1, at + steps[event.key]))]);
  });
  text.addEventListener("blur", () => go(null));
  text.addEventListener("mouseover", (event) => { const on = event.target.closest(SCORED); if (on) showScore(on); else hideScore(); });
  text.addEventListener("mouseleave", hideScore);
  text.addEventListener("click", (event) => { const on = event.target.closest(WORDS); if (on) go(on); });
  text.addEventListener("scroll", () => { if (!current) hideScore(); });
}
addEventListener("scroll", hideScore, { passive: true });
addEventListener("keydown", (event) => { if (event.key === "Escape") hideScore(); });

/** The strongest scores as a table, which does not depend on color and links to the sentences. */
function strongest(record, text) {
  const size = (score) => Math.abs(Number.parseFloat(score)) || 0;
  const sentences = record.passages.filter((part) => !isText(part)).map(([score, , level, runs], i) =>
    ({ i, score, level, text: runs.map((r) => (isText(r) ? r : r[0])).join(""), runs }));
  const words = sentences.flatMap(({ i, runs }) => runs.filter((r) => !isText(r)).map(([word, level, score]) => ({ i, score, level, text: word })));
  const first = (parts, count) => parts.toSorted((a, b) => Math.abs(b.level) - Math.abs(a.level) || size(b.score) - size(a.score)).slice(0, count);
  const reveal = (i) => {
    const all = text.querySelectorAll(".s");
    all.forEach((sentence, n) => sentence.classList.toggle("shown", n === i));
    all[i].scrollIntoView({ block: "nearest" });
    text.focus({ preventScroll: true });
  };
  const row = (part) => make("tr", null, make("td", null, make("button", { type: "button", dir: "auto", onclick: () => reveal(part.i) },
    part.text.length > 160 ? `${part.text.slice(0, 160)}…` : part.text)), make("td", null, part.score));
  const table = (title, parts) => make("table", null, make("caption", null, title), make("tbody", null, ...parts.map(row)));
  return make("details", { class: "strongest" }, make("summary", null, "Strongest sentences and words"),
    table("Sentences", first(sentences, 5)), table("Words", first(words, 12)));
}
