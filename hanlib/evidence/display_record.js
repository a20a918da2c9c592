// Creates display records from the answers of a server, as display_record.py does from an
// `Explanation`; shading and number formats are those of shading.py and formatting.py.
const CLASSES_SHOWN = 6;
// The methods of an export, and the output that each needs.
const OFFERED = { gradient_x_attention: "word_gradient_x_attention", attention: "word_attention", combined_attention: "word_attention", rationale: "word_rationale" };
const finite = (score) => (Number.isFinite(score) ? score : 0);
const largest = (scores) => scores.reduce((most, score) => Math.max(most, Math.abs(finite(score))), 0);
const share = (score, most) => (most > 0 ? Math.max(-1, Math.min(1, finite(score) / most)) : 0);
const level = (score, most) => Math.trunc(Number((share(score, most) * LEVELS).toFixed(6)));

/** Attention is a share of the sentence; times the number of words it is comparable across sentences. */
const weights = (sentence, method) => sentence.words.map((word) =>
  finite(wordScore(word, sentence, method)) * (METHODS[method].word_shares ? sentence.words.length : 1));

const SCORE_OF = { gradient_x_attention: "gradient", rationale: "rationale" };
const sentenceScore = (sentence, method) => sentence[SCORE_OF[method] ?? "attention"];
function wordScore(word, sentence, method) {
  if (method in SCORE_OF) return word[SCORE_OF[method]];
  return word.attention * (method === "combined_attention" ? Math.sqrt(Math.max(0, sentence.attention)) : 1);
}

/** The largest scores of all texts that are displayed together, so that their shades are comparable. */
function scaleOf(answers, method) {
  const sentences = answers.flatMap((answer) => answer.sentences ?? []);
  return {
    sentence: largest(sentences.map((s) => sentenceScore(s, method))),
    word: largest(sentences.flatMap((s) => s.words.map((word) => wordScore(word, s, method)))),
    weight: largest(sentences.flatMap((s) => weights(s, method))),
  };
}

function scoreText(value, method, most) {
  const decimals = most > 0 && most < .1 ? Math.min(12, 2 - Math.floor(Math.log10(most))) : 3;
  const text = value.toFixed(decimals);
  if (!/[1-9]/.test(text)) return text.replace("-", "");
  return METHODS[method].signed && value > 0 ? `+${text}` : text;
}

const named = (answer) => (answer.labels ? answer.labels.join(", ") || "none" : answer.label);

/**
 * The record of the answer for one text ({text, label, labels, probabilities, target, against, sentences, omitted}) by a
 * method, on a scale of `scaleOf`. `rank` orders the classes; `remarks` maps class names to additional texts.
 */
function displayRecord(answer, method, scale, rank, remarks) {
  const given = answer.labels ?? [answer.label];
  const rows = [...answer.probabilities].sort(([a], [b]) => rank(b) - rank(a)).map(([name, value]) => {
    const own = name === answer.target && !given.includes(name) ? ["explained"] : name === answer.against ? ["compared"] : [];
    return [name, percent(value), Math.round(100 * share(value, 1)), [...own, ...(remarks?.get(name) ?? [])].join(", "), given.includes(name)];
  });
  // The two classes are shown, however probable they are.
  const isShown = ([name], i) => i < CLASSES_SHOWN || name === answer.target || name === answer.against;
  const others = rows.filter((row, i) => !isShown(row, i));
  const record = {
    label: named(answer), true: null, wrong: null, target: answer.against ? `${answer.target} rather than ${answer.against}` : answer.target, method,
    classes: rows.filter(isShown), further: others.length, others: others.length ? others : null,
    trust: [], figures: [], notes: [], passages: null,
  };
  if (!answer.sentences) return record;
  if (answer.against && METHODS[method].signed) record.notes.push(`Here, what speaks against the class speaks for ${answer.against}.`);
  if (answer.against === "") record.notes.push(`${answer.target} is the most probable class: it is compared with all other classes.`);
  record.notes.push(...["words", "sentences"].filter((unit) => answer.omitted[unit])
    .map((unit) => `${answer.omitted[unit].toLocaleString("en")} further ${unit} were read and are not shown.`));
  record.passages = passages(answer, method, scale);
  return record;
}

/** The sentences and the text between them, or spaces if a sentence is not found in the text. */
function passages(answer, method, scale) {
  const starts = [];
  let at = 0;
  for (const { text } of answer.sentences) {
    starts.push(answer.text.indexOf(text, at));
    at = starts.at(-1) < 0 ? Infinity : starts.at(-1) + text.length;
  }
  const found = [], located = starts.every((start) => start >= 0);
  at = 0;
  answer.sentences.forEach((sentence, i) => {
    const gap = located ? answer.text.slice(at, starts[i]) : i ? " " : "";
    if (gap) found.push(gap);
    at = starts[i] + sentence.text.length;
    const score = sentenceScore(sentence, method);
    found.push([scoreText(score, method, scale.sentence), Math.round(100 * Math.abs(share(score, scale.sentence))),
      level(score, scale.sentence), runs(sentence, method, scale)]);
  });
  if (located && found.length && at < answer.text.length) found.push(answer.text.slice(at));
  return found;
}

/** All words with their scores, so that the arrow keys reach them; unshaded words have level 0. */
function runs(sentence, method, scale) {
  const found = [], weight = weights(sentence, method);
  let at = 0;
  sentence.words.forEach((word, i) => {
    const start = sentence.text.indexOf(word.text, at);
    if (start > at) found.push(sentence.text.slice(at, start));
    else if (start < 0 && at > 0) found.push(" ");
    const score = scoreText(wordScore(word, sentence, method), method, scale.word);
    found.push([word.text, level(weight[i], scale.weight), [score, ...everyScore(word, sentence)].join("\n")]);
    if (start >= 0) at = start + word.text.length;
  });
  if (at < sentence.text.length) found.push(sentence.text.slice(at));
  return found;
}

/** The scores by each available method, one per line. */
function everyScore(word, sentence) {
  return Object.keys(OFFERED).filter((name) => Number.isFinite(wordScore(word, sentence, name))).map((name) => {
    const [own, whole] = [wordScore(word, sentence, name), sentenceScore(sentence, name)];
    return `${METHODS[name].title} ${scoreText(own, name, Math.abs(own))}, its sentence ${scoreText(whole, name, Math.abs(whole))}`;
  });
}
