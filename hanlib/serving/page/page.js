// The text fields, the requests and the answers, which explanation.js renders.
const MOST_FILE_BYTES = 5e6, LONGEST_ARGUMENT = 60000, PATIENCE = 120000;

/* ---- the texts ---- */

const sides = [0, 1].map(side => {
  const count = make("span", { class: "quiet", id: `count-${side}` });
  const area = make("textarea", { id: `text-${side}`, dir: "auto", placeholder: "Paste, type or drop a document here", "aria-describedby": `count-${side}` });
  const file = make("input", { type: "file", hidden: true, accept: "text/*,.txt,.md,.html,.csv,.json,.log", "aria-hidden": "true", tabindex: "-1",
    onchange: () => { takeFiles(file.files, side); file.value = ""; } });
  const heading = make("label", { for: `text-${side}` }, "Text");
  const panel = make("div", { class: "panel" }, heading, area, make("div", { class: "row" },
    make("button", { type: "button", onclick: () => file.click() }, "Open a file…"), file,
    make("button", { type: "button", onclick: () => { area.value = ""; counted(side); area.focus(); } }, "Clear"), count));
  area.addEventListener("input", () => counted(side));
  panel.addEventListener("dragover", event => { event.preventDefault(); panel.classList.add("drop"); });
  panel.addEventListener("dragleave", () => panel.classList.remove("drop"));
  panel.addEventListener("drop", event => {
    panel.classList.remove("drop");
    if (event.dataTransfer.files.length) { event.preventDefault(); takeFiles(event.dataTransfer.files, side); }
  });
  element("texts").append(panel);
  return { area, panel, heading, count };
});

function counted(side) {
  const length = sides[side].area.value.length;
  sides[side].count.textContent = length ? `${length.toLocaleString("en")} characters` : "";
}

/** Reads the first file into this field, and a second one into the other field. */
async function takeFiles(files, side) {
  complain("");
  for (const [i, file] of [...files].slice(0, 2).entries()) {
    if (file.size > MOST_FILE_BYTES) { complain(`${file.name} is larger than ${MOST_FILE_BYTES / 1e6} MB.`); continue; }
    const content = new Uint8Array(await file.arrayBuffer());
    if (content.includes(0)) { complain(`${file.name} is not a text file.`); continue; }
    const target = (side + i) % 2;
    if (target === 1) { element("compare").checked = true; arrange(); }
    sides[target].area.value = decoded(content);
    counted(target);
    say(`${file.name} was read.`);
  }
}

function decoded(content) {
  try { return new TextDecoder("utf-8", { fatal: true }).decode(content); }
  catch { return new TextDecoder("windows-1252").decode(content); }
}

function texts() {
  return sides.slice(0, element("compare").checked ? 2 : 1).map(side => side.area.value);
}

function arrange() {
  const two = element("compare").checked;
  document.body.classList.toggle("two", two);
  sides[1].panel.hidden = !two;
  sides[0].heading.textContent = two ? "First text" : "Text";
  sides[1].heading.textContent = "Second text";
  element("methods").hidden = chosen("signature") !== "explain";
  element("contrast").hidden = !compares || element("methods").hidden;
}

/* ---- why one class and not another ---- */

// The first options of the two lists; the others are the classes of the last answer.
const FIRST = { target: ["the most probable class"], against: ["any other class", "the second most probable"] };
let classNames = null;

function offerClasses(names) {
  if (classNames && classNames.join("\0") === names.join("\0")) return;
  classNames = names;
  for (const [id, first] of Object.entries(FIRST)) {
    const list = element(id), at = list.selectedIndex;
    list.replaceChildren(...[...first, ...names].map(text => make("option", null, text)));
    list.selectedIndex = at > 0 && at < first.length ? at : 0;
  }
}

/** The class that is chosen in a list; "" for one of its first options. */
const classIn = id => classNames[element(id).selectedIndex - FIRST[id].length] ?? "";

/** Keeps the two lists consistent: a class is only compared with another one, and never with itself. */
function agree(changed) {
  const [target, against] = [element("target"), element("against")];
  if (target.selectedIndex === 0 || (against.selectedIndex > 0 && classIn("target") !== classIn("against"))) return;
  if (changed === target) against.selectedIndex = 1;
  else target.selectedIndex = 0;
}

/** The signature and the inputs of the request. */
function request() {
  const inputs = texts();
  if (element("contrast").hidden || element("against").selectedIndex === 0) return { signature_name: chosen("signature"), inputs };
  const [target, against] = ["target", "against"].map(id => inputs.map(() => classIn(id)));
  return { signature_name: "contrast", inputs: { text: inputs, target, against } };
}

/* ---- asking ---- */

const body = () => JSON.stringify(request());
let asking = null, answered = null, again = false;

/** Asks again after a choice has changed, also if an answer is on its way. */
function askAgain() {
  if (!answered && !asking) return;
  again = Boolean(asking);
  ask();
}

async function ask() {
  if (asking) { asking.abort(); return; }
  complain("");
  if (!element("model").value.trim()) { complain("Which model? Enter its name."); element("server-box").open = true; element("model").focus(); return; }
  const empty = texts().findIndex(text => !text.trim());
  if (empty >= 0) { complain("There is no text to classify."); sides[empty].area.focus(); return; }
  const [sent, signature, asked] = [texts(), chosen("signature"), body()];
  asking = new AbortController();
  const clock = setTimeout(() => asking && asking.abort(new DOMException("", "TimeoutError")), PATIENCE);
  busy(true);
  try {
    // Without a Content-Type header there is no preflight request to a server at another address.
    const { outputs } = await fetched(`${modelAddress()}:predict`, { method: "POST", body: asked, signal: asking.signal });
    if (!outputs || !outputs.probabilities) throw new Error("The answer has no probabilities: the model was not exported by hanlib.");
    answered = { sent, signature, outputs };
    offerClasses(outputs.classes[0]);
    (outputs.items ? showLabels : show)(answered);
    reveal(element("results"));
    if (!connected) connect();
  } catch (error) {
    if (error.name === "AbortError") say("Stopped."); else complain(error.message);
  } finally {
    clearTimeout(clock);
    asking = null;
    busy(false);
  }
  if (again) { again = false; ask(); }
}

function busy(is) {
  element("ask").textContent = is ? "Stop" : "Classify";
  element("results").setAttribute("aria-busy", is);
  if (is) say("Sending the request.");
}

function say(text) { element("said").textContent = text; }

function complain(text) {
  element("problem").textContent = text;
  if (!text) return;
  element("results").replaceChildren();
  answered = null;
  reveal(element("problem"));
}

/** Scrolls to an element that begins below the window, as on a phone. */
function reveal(node) {
  if (node.getBoundingClientRect().top > innerHeight - 160) node.scrollIntoView({ block: "start" });
}

/* ---- the answer ---- */

function show({ sent, outputs, signature }) {
  const method = chosen("method");
  const answers = sent.map((text, i) => answerOf(outputs, i, text, signature === "explain"));
  const scale = scaleOf(answers, method);
  const rank = name => Math.max(...answers.map(answer => answer.probabilities.get(name)));
  const drawn = answers.map((answer, i) => {
    const record = displayRecord(answer, method, scale, rank, i ? differences(answer, answers[0]) : null);
    const panel = interactive(article(record), record), title = answers.length > 1 ? ["First text", "Second text"][i] : "Answer";
    panel.setAttribute("aria-label", title);
    panel.classList.add("panel");
    if (answers.length > 1) panel.prepend(make("h2", null, title));
    return panel;
  });
  hideScore();
  element("results").replaceChildren(make("div", { class: "sides" }, ...drawn));
  say(answers.map(answer => `${named(answer)}: ${percent(Math.max(...answer.probabilities.values()))}`).join("; "));
}

/** The differences of the probabilities from those of the first text, by class. */
function differences(answer, first) {
  return new Map([...answer.probabilities].map(([name, value]) => {
    const points = 100 * (value - first.probabilities.get(name));
    return [name, [`${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)} points`]];
  }));
}

/** The answer for one text, without padding. */
function answerOf(outputs, i, text, explained) {
  const answer = {
    text, label: outputs.label[i], labels: outputs.labels && outputs.labels[i].filter(Boolean),
    probabilities: new Map(outputs.classes[i].map((name, c) => [name, outputs.probabilities[i][c]])),
  };
  if (!explained || !outputs.words) return answer;
  let start = 0;
  answer.target = outputs.target[i];
  answer.against = outputs.against ? outputs.against[i] : null;
  answer.omitted = { words: outputs.omitted_words[i], sentences: outputs.omitted_sentences[i] };
  answer.sentences = outputs.sentences[i].slice(0, outputs.sentence_counts[i]).map((sentence, s) => {
    const indices = Array.from({ length: outputs.word_counts[i][s] }, (_, w) => start + w);
    start += indices.length;
    const pick = (name, at) => outputs[name] ? outputs[name][i][at] : NaN;
    return {
      text: sentence, attention: pick("sentence_attention", s), gradient: pick("sentence_gradient_x_attention", s),
      rationale: pick("sentence_rationale", s),
      words: indices.map(at => ({
        text: outputs.words[i][at], attention: pick("word_attention", at), gradient: pick("word_gradient_x_attention", at),
        rationale: pick("word_rationale", at),
      })),
    };
  });
  return answer;
}

/* ---- curl ---- */

function command() {
  const quoted = text => `'${text.replace(/'/g, "'\\''")}'`;
  const start = `curl -sS -H 'Content-Type: application/json' ${quoted(`${modelAddress()}:predict`)}`;
  // Command-line arguments are limited to 128 KB.
  if (new Blob([body()]).size < LONGEST_ARGUMENT) return `${start} -d ${quoted(body())}`;
  return `${start} --data-binary @- <<'END'\n${body()}\nEND`;
}

async function copy() {
  const text = command();
  element("command").textContent = text;
  element("command-box").hidden = false;
  try {
    await navigator.clipboard.writeText(text);
    element("copy").textContent = "Copied";
    say("The curl command was copied.");
  } catch {
    element("command-box").open = true;
    getSelection().selectAllChildren(element("command"));
    say("The browser does not allow copying. The command is selected below.");
  }
  setTimeout(() => { element("copy").textContent = "Copy as curl"; }, 2000);
}

/* ---- events ---- */

element("form").addEventListener("submit", event => { event.preventDefault(); ask(); });
element("copy").addEventListener("click", copy);
element("compare").addEventListener("change", () => { arrange(); if (element("compare").checked) sides[1].area.focus(); });
for (const id of ["server", "model", "version"]) element(id).addEventListener("change", () => { offerClasses([]); connect(); });
for (const id of ["target", "against"]) element(id).addEventListener("change", event => { agree(event.target); askAgain(); });
for (const input of document.querySelectorAll("input[name=method]")) input.addEventListener("change", () => { if (answered && !answered.outputs.items) show(answered); });
for (const input of document.querySelectorAll("input[name=signature]")) input.addEventListener("change", () => { arrange(); askAgain(); });
document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); if (!asking) ask(); }
});
// Dropping a file outside the fields must not replace the page.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, event => { if (event.dataTransfer && [...event.dataTransfer.types].includes("Files")) event.preventDefault(); });
addEventListener("beforeprint", () => document.querySelectorAll("#results details").forEach(box => { box.open = true; }));

offerClasses([]);
arrange();
discover();
