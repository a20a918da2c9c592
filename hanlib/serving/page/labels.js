// Answers of models that label the sentences or the words of a text.
const COLORS = 10;

/** Whether a model labels sentences or words, and whether it reads columns, by its signatures. */
const labelsItems = signatures => "items" in (signatures?.serving_default?.outputs ?? {});
const readsColumns = signatures => "column_1" in (signatures?.serving_default?.inputs ?? {});

/** The labeled text of one answer: {text, names, spans: [{start, end, label, probability}]}. */
function labeledText(outputs, i, text) {
  const names = outputs.classes[i], items = outputs.items[i].slice(0, outputs.counts[i]);
  const located = spansOf(text, items);
  const labeled = located.spans.map(([start, end], n) => {
    const label = outputs.labels[i][n];
    return { start, end, label, probability: outputs.probabilities[i][n][names.indexOf(label)] };
  });
  const bio = names.some(name => name.startsWith("B-")) && names.every(name => name === "O" || /^[BI]-/.test(name));
  if (!bio || !outputs.sentence_lengths) return { text: located.text, names, spans: labeled };
  const firsts = new Set();
  let first = 0;
  for (const length of outputs.sentence_lengths[i]) { firsts.add(first); first += length; }
  return {
    text: located.text, spans: chunks(labeled, firsts),
    names: [...new Set(names.filter(name => name !== "O").map(name => name.slice(2)))].sort(),
  };
}

/** The items in the text, or in their own text if one is written differently there. */
function spansOf(text, items) {
  const spans = [];
  let at = 0;
  for (const item of items) {
    const start = text.indexOf(item, at);
    if (start < 0) break;
    spans.push([start, at = start + item.length]);
  }
  if (spans.length === items.length) return { text, spans };
  at = -1;
  return { text: items.join(" "), spans: items.map(item => [at + 1, at += item.length + 1]) };
}

/** Chunks of words in the BIO scheme, as chunks.py finds them; none goes beyond a sentence. */
function chunks(words, firsts) {
  const found = [];
  let open = null;
  words.forEach(({ start, end, label, probability }, n) => {
    if (label === "O") { open = null; return; }
    const kind = label.slice(2);
    if (label[0] === "I" && open && open.label === kind && !firsts.has(n)) {
      open.end = end;
      open.probability = Math.min(open.probability, probability);
      return;
    }
    found.push(open = { start, end, label: kind, probability });
  });
  return found;
}

/** A labeled text with a legend, and a table of its spans. */
function labeledArticle({ text, names, spans }) {
  const color = label => `c${names.indexOf(label) % COLORS}`;
  const shown = make("div", { class: text.trim() ? "text" : "text empty", dir: "auto" });
  let at = 0;
  for (const { start, end, label, probability } of spans) {
    // The label is displayed, but it is no part of the text that is copied or read aloud.
    const mark = make("mark", { class: color(label), title: `${label} ${percent(probability)}` },
      text.slice(start, end), make("sup", { "aria-hidden": "true" }, label));
    shown.append(text.slice(at, start), mark);
    at = end;
  }
  shown.append(text.slice(at));
  const given = new Set(spans.map(span => span.label));
  const legend = make("ul", { class: "legend", "aria-label": "Labels" }, ...names.filter(name => given.has(name))
    .map(name => make("li", null, make("mark", { class: color(name) }, bdi(name)))));
  const rows = spans.map(({ start, end, label, probability }) => make("tr", null,
    make("td", null, bdi(text.slice(start, end))), make("td", null, bdi(label)), make("td", { class: "number" }, percent(probability))));
  const head = make("tr", null, ...["Text", "Label", "Probability"].map(name => make("th", { scope: "col" }, name)));
  const table = make("details", null, make("summary", null, `Probabilities of ${spans.length.toLocaleString("en")} labels`),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Probabilities" }, make("table", null, make("thead", null, head), make("tbody", null, ...rows))));
  return make("article", { class: "panel labeled" }, spans.length ? legend : make("p", { class: "quiet" }, "Nothing is labeled."), shown, spans.length ? table : null);
}

/** The articles of an answer, and what a screen reader says. */
function showLabels({ sent, outputs }) {
  const found = sent.map((text, i) => labeledText(outputs, i, text));
  const drawn = found.map((labeled, i) => {
    const drawn = labeledArticle(labeled), title = found.length > 1 ? ["First text", "Second text"][i] : "Answer";
    drawn.setAttribute("aria-label", title);
    if (found.length > 1) drawn.prepend(make("h2", null, title));
    return drawn;
  });
  element("results").replaceChildren(make("div", { class: "sides" }, ...drawn));
  say(found.map(({ spans }) => `${spans.length} labels`).join("; "));
}
