// Marks evidence in documents and keeps the marks in the browser (see marking_page.py).
// Spans are stored as in the downloaded file: half-open, in Unicode code points of the original text.
const $ = (id) => document.getElementById(id);
const { documents, classNames, multiple, stem, key } = JSON.parse($("documents").textContent);
const shown = (text) => text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, (sign) => String.fromCharCode(sign === "\x7f" ? 0x2421 : 0x2400 + sign.charCodeAt(0)));
const kept = { at: 0, marker: "", changed: {} }, past = [];
let lost = false;
let points, offsets, units, cursor, anchor; // Of the open document, see `prepare`.

// ---- What is marked.
const stateOf = (i) => kept.changed[i] ?? { label: documents[i].label, evidence: documents[i].evidence };
const isMarked = (i) => stateOf(i).evidence !== null;
const here = () => stateOf(kept.at);

function load() {
  try { Object.assign(kept, JSON.parse(localStorage.getItem(key) ?? "{}")); } catch { lost = true; }
  if (!documents[kept.at]) kept.at = 0;
}

function save() {
  try { localStorage.setItem(key, JSON.stringify(kept)); lost = false; } catch { lost = true; }
  $("problem").textContent = lost ? "This browser does not keep your marks: download them before you close the page." : "";
}

/** Changes the marks and labels of documents, by index, as one step that `undo` takes back. */
function changeAll(states, what) {
  past.push({ at: kept.at, cursor, before: Object.keys(states).map((i) => [i, kept.changed[i]]) });
  Object.assign(kept.changed, states);
  save();
  draw();
  say(what);
}

const change = (values, what) => changeAll({ [kept.at]: { ...here(), ...values } }, what);

function undo() {
  if (!past.length) return say("There is nothing to undo.");
  const last = past.pop();
  for (const [i, state] of last.before) if (state) kept.changed[i] = state; else delete kept.changed[i];
  if (last.at !== kept.at) go(last.at);
  cursor = anchor = last.cursor;
  save();
  draw();
  say("Undone.");
}

/** Marks the words from one UTF-16 offset of the text to another, joined with the marks that they overlap. */
function mark(from, to) {
  const words = units.filter((unit) => unit.end > from && unit.start < to);
  if (!words.length) return;
  let [start, end] = [points[words[0].start], points[words.at(-1).end]];
  const others = (here().evidence ?? []).filter(([a, b]) => {
    if (b < start || a > end) return true;
    [start, end] = [Math.min(a, start), Math.max(b, end)];
    return false;
  });
  change({ evidence: [...others, [start, end]].sort(([a], [b]) => a - b) }, `Marked: ${textOf([start, end])}`);
}

const textOf = ([start, end]) => shown(documents[kept.at].text.slice(offsets[start], offsets[end]));
const markAt = (unit) => (here().evidence ?? []).findIndex(([a, b]) => a < points[unit.end] && b > points[unit.start]);

function remove(index) {
  const evidence = here().evidence.filter((_, i) => i !== index);
  change({ evidence: evidence.length ? evidence : null }, `Removed: ${textOf(here().evidence[index])}`);
}

function choose(label) {
  const given = here().label, several = Array.isArray(given) ? given : [];
  if (!multiple) return change({ label }, `Label: ${label}`);
  const labels = several.includes(label) ? several.filter((other) => other !== label) : classNames.filter((c) => c === label || several.includes(c));
  return change({ label: labels }, `Labels: ${labels.join(", ") || "none"}`);
}

// ---- The open document.
function go(at) {
  if (!documents[at]) return say("There is no further document.");
  kept.at = at;
  save();
  prepare();
  draw();
  $("text").scrollTop = 0;
  return say(`Document ${at + 1} of ${documents.length}`);
}

/** Offsets of the code points, and the words and punctuation marks of the text. */
function prepare() {
  const { text } = documents[kept.at];
  points = new Int32Array(text.length + 1);
  offsets = [];
  let at = 0;
  for (const sign of text) {
    for (let k = 0; k < sign.length; k++) points[at + k] = offsets.length;
    offsets.push(at);
    at += sign.length;
  }
  points[at] = offsets.length;
  offsets.push(at);
  // Browsers of before 2024 may have no segmenter: in Chinese, they find sentences for words.
  const found = Intl.Segmenter ? [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)]
    : [...text.matchAll(/[\p{L}\p{N}\p{M}]+|\S/gu)].map((match) => ({ index: match.index, segment: match[0] }));
  units = found.filter(({ segment }) => /\S/.test(segment)).map(({ index, segment }) => ({ start: index, end: index + segment.length }));
  cursor = anchor = null;
}

/** The text with an element for each word, and one around the words of each mark. */
function draw() {
  const { text } = documents[kept.at], evidence = here().evidence ?? [], drawn = [];
  let at = 0;
  for (const [index, [start, end]] of evidence.entries()) {
    drawn.push(...pieces(text, at, offsets[start]));
    drawn.push(make("mark", { "data-mark": index, title: "Click to remove this mark" }, ...pieces(text, offsets[start], offsets[end])));
    at = offsets[end];
  }
  $("text").replaceChildren(...drawn, ...pieces(text, at, text.length));
  showCursor();
  for (const input of document.querySelectorAll("#labels input")) {
    const given = here().label;
    input.checked = Array.isArray(given) ? given.includes(input.value) : given === input.value;
  }
  const rows = evidence.map((span, index) => make("li", null, make("bdi", null, textOf(span)), " ",
    make("button", { type: "button", class: "link", "aria-label": `Remove: ${textOf(span)}`, onclick: () => { remove(index); $("text").focus(); } }, "Remove")));
  const none = here().evidence === null ? "Nothing is marked yet." : "Nothing in this document is evidence.";
  $("marks").replaceChildren(...(rows.length ? rows : [make("li", { class: "quiet" }, none)]));
  $("position").textContent = `${kept.at + 1} of ${documents.length}`;
  const done = documents.filter((_, i) => isMarked(i)).length;
  const unlabeled = documents.filter((_, i) => isMarked(i) && stateOf(i).label === null).length;
  $("progress").textContent = `${done} of ${documents.length} documents are marked${unlabeled ? `; ${unlabeled} of them have no label` : ""}`;
  $("nothing").setAttribute("aria-pressed", here().evidence?.length === 0);
  $("undo").disabled = !past.length;
  $("previous").disabled = kept.at === 0;
  $("next").disabled = kept.at === documents.length - 1;
}

function pieces(text, from, to) {
  const found = [];
  let at = from;
  for (const [index, { start, end }] of units.entries()) {
    if (end <= at) continue;
    if (start >= to) break;
    const [first, last] = [Math.max(start, at), Math.min(end, to)];
    if (first > at) found.push(shown(text.slice(at, first)));
    found.push(make("span", { "data-unit": index }, shown(text.slice(first, last))));
    at = last;
  }
  if (at < to) found.push(shown(text.slice(at, to)));
  return found;
}

// ---- The keyboard: a cursor on a word, and with Shift a range of words.
const elementsOf = (index) => [...$("text").querySelectorAll(`[data-unit="${index}"]`)];

function showCursor() {
  for (const node of $("text").querySelectorAll(".current, .chosen")) node.classList.remove("current", "chosen");
  if (cursor === null) return;
  const [first, last] = [Math.min(anchor, cursor), Math.max(anchor, cursor)];
  for (let index = first; index <= last; index++) for (const node of elementsOf(index)) node.classList.add("chosen");
  for (const node of elementsOf(cursor)) node.classList.add("current");
}

function moveTo(index, extend) {
  cursor = Math.max(0, Math.min(units.length - 1, index));
  if (!extend || anchor === null) anchor = cursor;
  showCursor();
  elementsOf(cursor)[0].scrollIntoView({ block: "nearest" });
  const { text } = documents[kept.at], [first, last] = [Math.min(anchor, cursor), Math.max(anchor, cursor)];
  say(`${shown(text.slice(units[first].start, units[last].end))}${markAt(units[cursor]) < 0 ? "" : ", marked"}`);
}

/** The word below or above the cursor. */
function onNextLine(down) {
  const here = elementsOf(cursor)[0].getClientRects()[0], middle = (here.left + here.right) / 2;
  let line = null, best = cursor;
  for (let index = cursor; units[index]; index += down ? 1 : -1) {
    const box = elementsOf(index)[0].getClientRects()[0];
    if (Math.abs(box.top - here.top) < here.height / 2) continue;
    if (line !== null && Math.abs(box.top - line) > here.height / 2) break;
    const distance = Math.abs((box.left + box.right) / 2 - middle);
    if (line === null || distance < best.distance) best = { index, distance };
    line = box.top;
  }
  return line === null ? cursor : best.index;
}

function press(event) {
  if (event.altKey || /^(INPUT|TEXTAREA)$/.test(event.target.tagName) && event.target.type === "text") return;
  const command = event.ctrlKey || event.metaKey, inText = event.target === $("text");
  const moves = inText && units.length && !command && {
    ArrowRight: () => (cursor ?? -1) + 1, ArrowLeft: () => (cursor ?? 1) - 1, Home: () => 0, End: () => units.length - 1,
    ArrowDown: () => (cursor === null ? 0 : onNextLine(true)), ArrowUp: () => (cursor === null ? 0 : onNextLine(false)),
  };
  const actions = command ? { z: undo } : {
    n: () => go(kept.at + 1), p: () => go(kept.at - 1), u: undo, 0: nothing,
    ...Object.fromEntries(classNames.slice(0, 9).map((label, i) => [i + 1, () => choose(label)])),
    ...(inText && cursor !== null ? { Enter: toggle, " ": toggle, Delete: removeHere, Backspace: removeHere, Escape: leave } : {}),
  };
  const action = (moves && moves[event.key] && (() => moveTo(moves[event.key](), event.shiftKey))) || actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function toggle() {
  if (anchor === cursor && markAt(units[cursor]) >= 0) return removeHere();
  mark(units[Math.min(anchor, cursor)].start, units[Math.max(anchor, cursor)].end);
  anchor = cursor;
  return showCursor();
}
function removeHere() {
  const index = markAt(units[cursor]);
  if (index < 0) return say("There is no mark here.");
  return remove(index);
}
function leave() { cursor = anchor = null; showCursor(); }
function nothing() {
  const was = here().evidence?.length === 0;
  change({ evidence: was ? null : [] }, was ? "The document is not marked." : "Nothing in this document is evidence.");
}

// ---- The mouse, and a finger: what is selected in the text is marked.
function selected() {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0), before = document.createRange();
  if (!$("text").contains(range.commonAncestorContainer)) return null;
  before.selectNodeContents($("text"));
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length;
  return [start, start + range.toString().length];
}

function markSelection() {
  const range = selected();
  if (!range) return say("Nothing is selected in the text.");
  getSelection().removeAllRanges();
  return mark(...range);
}

function released(event) {
  if (event.pointerType !== "mouse" || event.button) return;
  if (selected()) { markSelection(); return; }
  const index = event.target.closest("mark")?.dataset.mark;
  if (index !== undefined) { remove(Number(index)); return; }
  const unit = event.target.closest("[data-unit]");
  if (unit) moveTo(Number(unit.dataset.unit), event.shiftKey);
}

const say = (text) => { $("said").textContent = text; };

function nextUnmarked() {
  const order = documents.map((_, i) => (kept.at + 1 + i) % documents.length);
  const found = order.find((i) => !isMarked(i));
  if (found === undefined) say("All documents are marked."); else go(found);
}

function start() {
  load();
  $("labels").append(...classNames.map((label, i) => make("label", null,
    make("input", { type: multiple ? "checkbox" : "radio", name: "label", value: label, onchange: () => choose(label) }), bdi(label),
    i < 9 ? make("kbd", { "aria-hidden": "true" }, String(i + 1)) : null)));
  $("labels").hidden = !classNames.length;
  const clicks = { previous: () => go(kept.at - 1), next: () => go(kept.at + 1), unmarked: nextUnmarked, nothing, undo, mark: markSelection, download, open: () => $("file").click() };
  for (const [id, action] of Object.entries(clicks)) $(id).addEventListener("click", action);
  // A click on a button must not clear what is selected.
  $("mark").addEventListener("pointerdown", (event) => event.preventDefault());
  $("marker").value = kept.marker;
  $("marker").addEventListener("input", () => { kept.marker = $("marker").value; save(); });
  $("file").addEventListener("change", () => { openFile($("file").files[0]); $("file").value = ""; });
  $("text").addEventListener("pointerup", released);
  document.addEventListener("keydown", press);
  addEventListener("beforeunload", (event) => { if (lost && past.length) event.preventDefault(); });
  go(kept.at);
}
if (documents.length) start();
