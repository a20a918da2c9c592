// The file of the marks: the page writes it, and reads it on another day (see marking.js).

/** A line for each document that has a label or marks, as `hanlib train` reads it. */
function lines() {
  return documents.map(({ id, text, split }, i) => {
    const { label, evidence } = stateOf(i);
    if (label === null && evidence === null) return "";
    return `${JSON.stringify({ ...(id === undefined ? {} : { id }), text, label, evidence, ...(split === undefined ? {} : { split }) })}\n`;
  }).join("");
}

function download() {
  const marker = kept.marker.trim().replace(/[^\p{L}\p{N}._-]+/gu, "-");
  const address = URL.createObjectURL(new Blob([lines()], { type: "application/x-ndjson" }));
  make("a", { href: address, download: `${stem}-${marker || "marks"}.jsonl` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  say("The marks are downloaded.");
}

/** Takes over the marks of a file. Those of documents that it does not have stay; `undo` takes it back as a whole. */
async function openFile(file) {
  try {
    const { states, others } = statesIn(await file.text());
    const count = Object.keys(states).length;
    if (!count) throw new Error("no line has the text of one of these documents.");
    changeAll(states, `Marks of ${count} documents were read from ${file.name}.`);
    if (others) $("problem").textContent = `${file.name}: ${others} further lines belong to other documents.`;
  } catch (error) {
    $("problem").textContent = `${file.name} was not read: ${error.message}`;
  }
}

/** The label and the marks of each document that a file has, by index, and the number of lines for other documents. */
function statesIn(content) {
  const indices = new Map(), states = {};
  documents.forEach(({ text }, i) => indices.set(text, [...(indices.get(text) ?? []), i]));
  let others = 0;
  for (const [number, line] of content.split("\n").entries()) {
    if (!line.trim()) continue;
    let record;
    try { record = JSON.parse(line); } catch { throw new Error(`line ${number + 1} is not JSON.`); }
    const same = indices.get(record?.text) ?? [];
    // Several documents may have the same text.
    const [index] = same.splice(Math.max(0, same.findIndex((i) => documents[i].id === record.id)), 1);
    if (index === undefined) others += 1;
    else states[index] = stateIn(record, stateOf(index), `line ${number + 1}`);
  }
  return { states, others };
}

/** What a record says of a document; without a label or marks, those that the document has stay. */
function stateIn({ text, label = null, evidence = null }, state, where) {
  const names = Array.isArray(label) ? label : [label];
  if (Array.isArray(label) && !multiple || names.some((name) => name !== null && !classNames.includes(name))) {
    throw new Error(`${where} has the label ${JSON.stringify(label)}; the labels of this page are ${classNames.join(", ")}.`);
  }
  const length = [...text].length;
  const isSpan = (span) => Array.isArray(span) && span.length === 2 && span.every(Number.isInteger) && 0 <= span[0] && span[0] < span[1] && span[1] <= length;
  if (evidence !== null && !(Array.isArray(evidence) && evidence.every(isSpan))) {
    throw new Error(`in ${where}, the evidence is not a list of spans [start, end] with 0 ≤ start < end ≤ ${length}.`);
  }
  return { label: label ?? state.label, evidence: evidence ? joinedSpans(evidence) : state.evidence };
}

/** Sorted spans, with those that overlap joined. */
function joinedSpans(spans) {
  const joined = [];
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last && start < last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}
