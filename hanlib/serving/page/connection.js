// Requests to the server, error messages, and the signatures of the model.
const element = id => document.getElementById(id);
const chosen = name => document.querySelector(`input[name=${name}]:checked`).value;

function modelAddress() {
  const server = element("server").value.trim().replace(/\/+$/, "");
  const version = element("version").value.trim();
  const path = `/v1/models/${encodeURIComponent(element("model").value.trim())}`;
  return server + path + (version ? `/versions/${encodeURIComponent(version)}` : "");
}

/** Returns JSON from the server, or throws an Error with a helpful message. */
async function fetched(address, options = {}) {
  let response, text;
  try {
    response = await fetch(address, { credentials: "omit", cache: "no-store", ...options });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error.name === "TimeoutError") throw new Error("The server did not answer in time.");
    throw new Error(`No answer from ${address}. Is the server running, and is the address right? ` +
      "If its address differs from that of this page, it must allow requests from pages: TensorFlow Serving with --rest_api_enable_cors_support, hanlib serve with --allow-origin.");
  }
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* reported below */ }
  if (response.ok && answer) return answer;
  throw new Error(problem(response, answer && answer.error, text));
}

function problem(response, message, text) {
  const said = message || (text ? `no JSON: ${text.slice(0, 200)}` : "nothing");
  const wait = response.headers.get("Retry-After");
  const advice = {
    404: "The server has no such model or version. ",
    413: "The text is too long for the server. ",
    429: "The server is busy: try again. ",
    503: `The server is busy or not ready: try again${wait ? ` in ${wait} s` : " in a moment"}. `,
    504: "The server took too long: try again, or with less text. ",
  }[response.status] || "";
  const missing = said.match(/"(\w+)" not found in signature def/);
  if (missing) return `${without(missing[1])} The server returned: ${said} (${response.status})`;
  return `${advice}The server returned: ${said} (${response.status})`;
}

function without(signature) {
  const [lacks, advice] = signature === "contrast"
    ? ["compare two classes", "Ask why and not “any other class”"] : ["return evidence", "Request the prediction only"];
  return `The model “${element("model").value}” cannot ${lacks}: it was exported without the signature “${signature}”. ` +
    `${advice}, or export the model again with a newer hanlib.`;
}

let connection = 0, connected = false, compares = false, labels = false;
/** Requests the signatures of the model, and disables the choices for missing ones. */
async function connect() {
  const mine = ++connection, state = element("model-state");
  connected = false;
  state.classList.remove("wrong");
  offer(null);
  if (!element("model").value.trim()) {
    element("server-box").open = true;
    state.textContent = "Which model? Enter its name in “Server and model”.";
    return;
  }
  try {
    const about = await fetched(`${modelAddress()}/metadata`, { signal: AbortSignal.timeout(15000) });
    if (mine !== connection) return;
    const signatures = about.metadata.signature_def.signature_def;
    offer(signatures);
    connected = true;
    const { name, version } = about.model_spec || {};
    state.textContent = `Model ${name || element("model").value}${version ? `, version ${version}` : ""}` +
      (labels || "explain" in signatures ? "" : `. ${without("explain")}`) +
      (readsColumns(signatures) ? ". It reads words with columns, and this page sends texts: use hanlib predict." : "");
  } catch (error) {
    if (mine !== connection) return;
    state.textContent = `Not connected. ${error.message}`;
    state.classList.add("wrong");
    element("server-box").open = true;
  }
}

element("methods").append(...Object.keys(OFFERED).map((name, i) => make("label", null,
  make("input", { type: "radio", name: "method", value: name, checked: i === 0 }), make("span", null, METHODS[name].title))));

function offer(signatures) {
  const lacks = signatures && !("explain" in signatures);
  compares = Boolean(signatures && "contrast" in signatures);
  labels = labelsItems(signatures);
  document.querySelector("h1").textContent = labels ? "Which labels?" : "What decided?";
  element("request").hidden = labels;
  const explain = document.querySelector("input[value=explain]");
  explain.disabled = lacks;
  if (lacks && explain.checked) document.querySelector("input[value=serving_default]").checked = true;
  const outputs = (signatures && signatures.explain && signatures.explain.outputs) || {};
  for (const [name, output] of Object.entries(OFFERED)) {
    const choice = document.querySelector(`input[value=${name}]`);
    const known = Object.keys(outputs).length > 0;
    choice.disabled = known && !(output in outputs);
    // A rationale head is rare: it is offered only where there is one.
    if (name === "rationale") choice.parentElement.hidden = !known || choice.disabled;
    if (choice.disabled && choice.checked) document.querySelector("input[value=attention]").checked = true;
  }
  arrange();
}

async function discover() {
  const asked = new URLSearchParams(location.search);
  const served = location.protocol.startsWith("http");
  element("server").value = asked.get("server") || (served ? location.origin : "http://127.0.0.1:8501");
  element("model").value = asked.get("model") || "";
  element("version").value = asked.get("version") || "";
  try {
    // Only the development server lists its models; TensorFlow Serving does not.
    const { models } = await fetched(`${element("server").value}/hanlib/models`, { signal: AbortSignal.timeout(5000) });
    const names = models.map(model => typeof model === "string" ? model : model.name);
    element("models").replaceChildren(...names.map(name => make("option", { value: name })));
    if (!element("model").value && names.length) element("model").value = names[0];
  } catch { /* The user enters the name. */ }
  await connect();
}

