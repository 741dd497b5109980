"use strict";
// The page is whole without this. It chooses among rows, sorts them, shows facts and traces, and folds for print.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** An element with attributes and children; text is never markup. */
function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "click") element.addEventListener("click", value);
    else if (value !== null) element.setAttribute(key, value);
  }
  element.append(...inside);
  return element;
}

// --- places: a link into a folded part unfolds it

const traces = { entries: [], show: () => false };

function visit() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (!name || (name.startsWith("trace-") && traces.show(name))) return;
  const place = document.getElementById(name);
  if (!place) return;
  for (let part = place; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  if (place.hidden) {
    for (const form of all("form.choose")) form.reset();
    for (const form of all("form.choose")) form.dispatchEvent(new Event("input"));
  }
  place.scrollIntoView();
}

// --- print: what is folded is printed, and folded again

let folded = [];
function unfold() {
  folded = all("details:not([open])");
  for (const part of folded) part.open = true;
}
function fold() {
  for (const part of folded) part.open = false;
}

for (const part of all("section")) {
  const pieces = all(":scope > details", part);
  if (pieces.length < 4) continue;
  const button = make("button", { type: "button", "data-control": "unfold" }, "unfold all");
  button.addEventListener("click", () => {
    const open = pieces.some((piece) => !piece.open);
    for (const piece of pieces) piece.open = open;
    button.textContent = open ? "fold all" : "unfold all";
  });
  pieces[0].before(button);
}

// --- contents: the part that is being read

if ("IntersectionObserver" in window) {
  const links = new Map(all("nav.beside a").map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const watch = new IntersectionObserver((changes) => {
    for (const change of changes) seen[change.isIntersecting ? "add" : "delete"](change.target.id);
    const first = [...links.keys()].find((name) => seen.has(name));
    for (const [name, link] of links) link.toggleAttribute("aria-current", name === first);
  });
  for (const part of all("main > section[id]")) watch.observe(part);
}

// --- choosing: select boxes for labels, and words

/** The choice of a form as a function of an item's labels and words. */
function chosen(form) {
  const wanted = all("select[data-axis]", form).filter((box) => box.value !== "").map((box) => [box.dataset.axis, box.value]);
  const words = form.querySelector("[data-words]").value.toLowerCase().split(/\s+/).filter(Boolean);
  return (labels, text) =>
    wanted.every(([axis, value]) => labels[axis] === value) && words.every((word) => text.toLowerCase().includes(word));
}

function choosing(form, update) {
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.querySelector("[data-reset]").addEventListener("click", () => {
    form.reset();
    update();
  });
  update();
}

function count(form, shown, whole) {
  const left = form.querySelector("output");
  left.value = `${shown.toLocaleString("en")} of ${whole.toLocaleString("en")} ${left.dataset.noun}`;
}

// --- cells: chosen by label, sorted by column

const labelsOf = (row) => Object.fromEntries(all("[data-head]", row).map((cell) => [cell.dataset.head, cell.dataset.value ?? cell.textContent]));

function choosable(box) {
  const rows = all("tbody > tr", box).map((row) => ({ row, labels: labelsOf(row), text: row.textContent }));
  const form = document.querySelector(`form[data-for="${box.id}"]`);
  if (!form) return;
  choosing(form, () => {
    const is = chosen(form);
    let shown = 0;
    for (const { row, labels, text } of rows) {
      row.hidden = !is(labels, text);
      shown += !row.hidden;
    }
    count(form, shown, rows.length);
  });
}

function sortable(table) {
  const body = table.querySelector("tbody");
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  for (const [column, head] of all("thead th", table).entries()) {
    const button = make("button", { type: "button", "data-control": "sort" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of all("th", head.parentElement)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => ({ row, key: row.cells[column].textContent.replaceAll(",", "") }));
      rows.sort((a, b) => (down ? compare(b.key, a.key) : compare(a.key, b.key)));
      body.append(...rows.map(({ row }) => row));
    });
  }
}

// --- facts: unpacked in the page when they are asked for

const packed = document.getElementById("packed-facts");
let unpacked = null;

/** The text of facts.csv. */
function factsText() {
  const bytes = Uint8Array.from(atob(packed.href.slice(packed.href.indexOf(",") + 1)), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  unpacked ??= new Response(stream).text();
  return unpacked;
}

/** The fields of a line of CSV, of which some may be quoted. */
function fields(line) {
  if (!line.includes('"')) return line.split(",");
  const found = [""];
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"' && quoted && line[i + 1] === '"') found[found.length - 1] += line[i++];
    else if (line[i] === '"') quoted = !quoted;
    else if (line[i] === "," && !quoted) found.push("");
    else found[found.length - 1] += line[i];
  }
  return found;
}

/** The lines of CSV: a line break within quotes ends none. */
function lines(text) {
  if (!text.includes('"')) return text.split("\n").slice(0, -1);
  const found = [];
  let begun = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    else if (text[i] === "\n" && !quoted) {
      found.push(text.slice(begun, i));
      begun = i + 1;
    }
  }
  return found;
}

const MOST = 400;

async function showFacts(row, labels) {
  const place = document.getElementById("facts-of-a-cell");
  place.replaceChildren(make("p", { class: "soft" }, "Unpacking the facts …"));
  const [first, ...rest] = lines(await factsText());
  const head = fields(first);
  const column = Object.fromEntries(head.map((name, i) => [name, i]));
  const axes = head.slice(0, column.seed + 1);
  const wanted = axes.map((axis) => labels[axis.startsWith("label ") && !(axis in labels) ? axis.slice(6) : axis] ?? "");
  const mine = rest.map(fields).filter((fact) => wanted.every((value, i) => fact[i] === value));
  const words = make("input", { type: "search", "data-control": "facts", autocomplete: "off" });
  const left = make("output", { class: "soft" });
  const body = make("tbody");
  const shown = ["phase", "metric", "at", "value", "n", "note"];
  const update = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = mine.filter((fact) => asked.every((word) => `${fact[column.phase]} ${fact[column.metric]} ${fact[column.at]}`.toLowerCase().includes(word)));
    body.replaceChildren(...found.slice(0, MOST).map((fact) => make("tr", {}, ...shown.map((name) => make("td", {}, fact[column[name]])))));
    left.value = `${Math.min(found.length, MOST).toLocaleString("en")} of ${mine.length.toLocaleString("en")} facts`;
  };
  words.addEventListener("input", update);
  update();
  place.replaceChildren(
    make("h3", {}, "Facts of ", make("a", { href: `#${row.id}` }, wanted.filter(Boolean).join(" · "))),
    make("p", {}, make("label", {}, "phase, metric or place ", words), " ", left),
    make("div", { class: "wide chosen" }, make("table", {}, make("thead", {}, make("tr", {}, ...shown.map((name) => make("th", { scope: "col" }, name)))), body)),
  );
  place.scrollIntoView({ block: "nearest" });
  const ask = document.querySelector("[data-ask]");
  if (!ask) return;
  const only = Object.entries(labels).filter(([axis]) => axesOfCells.includes(axis)).map(([axis, value]) => `${axis}=${value}`).join(",");
  const quoted = /^[\w@%+=:,./-]+$/.test(only) ? only : `'${only.replaceAll("'", "'\"'\"'")}'`;
  ask.textContent = ask.textContent.replace(/--only ('.*'|\S+) --seed \d+/, () => `--only ${quoted} --seed ${labels.seed}`);
}

const cellsBox = document.getElementById("all-cells");
let axesOfCells = [];
if (cellsBox) {
  const heads = all("thead th", cellsBox).map((head) => head.textContent);
  axesOfCells = heads.slice(0, heads.indexOf("seed"));
  for (const row of all("tbody > tr", cellsBox)) {
    const labels = labelsOf(row);
    if (!packed || !("DecompressionStream" in window)) break;
    const facts = row.lastElementChild;
    const button = make("button", { type: "button", "data-control": "facts", "aria-label": `facts of ${row.id}` }, facts.textContent);
    button.addEventListener("click", () => showFacts(row, labels));
    facts.replaceChildren(button);
  }
  choosable(cellsBox);
  sortable(cellsBox.querySelector("table"));
}

if (packed && "DecompressionStream" in window) {
  const name = packed.download.replace(/\.gz$/, "");
  const button = make("button", { type: "button", "data-control": "download" }, name);
  button.addEventListener("click", async () => {
    const url = URL.createObjectURL(new Blob([await factsText()], { type: "text/csv" }));
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  });
  packed.after(" or ", button);
}

// --- traces: the answers of two stages to one problem, side by side

const data = document.getElementById("traces-data");
if (data) {
  const { kinds, preferred, entries } = JSON.parse(data.textContent);
  const box = document.getElementById("traces-shown");
  const form = document.querySelector('form[data-for="traces-shown"]');
  const names = [...new Set(entries.flatMap((entry) => entry.sides.map((side) => side.name)))];
  const title = (name) => name.replaceAll("_", " ");
  const pick = (label, options, value) => {
    const select = make("select", { "data-control": "traces" }, ...options.map(([key, text]) => make("option", { value: key }, text)));
    select.value = value;
    return [make("label", {}, `${label} `, select), select];
  };
  const right = names.includes(preferred) ? preferred : names.find((name) => name.startsWith("after")) ?? names.at(-1);
  const partner = right.replace("after", "before");
  const left = partner !== right && names.includes(partner) ? partner : names[0];
  const stages = names.map((name) => [name, title(name)]);
  const [leftLabel, leftBox] = pick("left", stages, left);
  const [rightLabel, rightBox] = pick("right", stages, right);
  const states = [["", "all"], ["more", "more often right on the right"], ["less", "less often right on the right"], ["never", "right on neither side"], ["always", "always right on both"]];
  const [stateLabel, stateBox] = pick("compared", states, "");
  const [kindLabel, kindBox] = pick("with the mistake", [["", "any"], ...Object.entries(kinds).filter(([kind]) => kind !== "right")], "");
  form.prepend(leftLabel, rightLabel);
  form.querySelector("[data-words]").parentElement.before(stateLabel, kindLabel);
  const rightness = (side) => (side.kinds.right ?? 0) / Object.values(side.kinds).reduce((sum, n) => sum + n, 0);
  let found = [];
  let current = 0;

  const sidesOf = (entry) => [leftBox.value, rightBox.value].map((name) => entry.sides.find((side) => side.name === name));
  const compared = {
    "": () => true,
    more: (a, b) => a && b && rightness(b) > rightness(a),
    less: (a, b) => a && b && rightness(b) < rightness(a),
    never: (a, b) => a && b && rightness(a) === 0 && rightness(b) === 0,
    always: (a, b) => a && b && rightness(a) === 1 && rightness(b) === 1,
  };

  function column(entry, name, side) {
    if (!side) return make("div", {}, make("h3", {}, title(name)), make("p", { class: "soft" }, "This cell has no such completions of this problem."));
    const whole = Object.values(side.kinds).reduce((sum, n) => sum + n, 0);
    const list = make("ol", { class: "trace mono" });
    const buttons = side.examples.map((example) => {
      const times = side.kinds[example.kind];
      const button = make("button", { type: "button", "data-control": "kind", class: example.kind === "right" ? "kind good" : "kind bad" }, `${kinds[example.kind]}: ${times} of ${whole}`);
      button.addEventListener("click", () => {
        for (const other of buttons) other.setAttribute("aria-pressed", other === button);
        list.replaceChildren(
          ...example.marks.map((number) => {
            const [said, isRight, remark] = entry.marks[number];
            return make("li", { class: isRight ? "right" : "wrong" }, make("b", {}, isRight ? "✓" : "✗"), ` ${said}`, ...(remark ? [make("span", { class: "remark" }, remark)] : []));
          }),
        );
        said.textContent = `${whole === 1 ? "Its one completion" : `The most frequent of its kind: ${example.times} of ${whole} completions`}${example.kind !== "right" && example.answer ? "; its answer is right all the same" : ""}.`;
      });
      return button;
    });
    const said = make("p", { class: "soft" });
    const folder = make("a", { href: `../stages/${side.stage}/` }, side.stage);
    const part = make("div", {}, make("h3", {}, title(name)), make("p", { class: "kinds" }, ...buttons), said, list, make("p", { class: "soft" }, "all of them: ", folder, "/samples.npz"));
    const wanted = side.examples.findIndex((example) => example.kind === kindBox.value);
    buttons[Math.max(0, wanted)]?.click();
    return part;
  }

  function draw() {
    box.hidden = false;
    if (!found.length) return box.replaceChildren(make("p", {}, "No kept problem is one of these."));
    const entry = found[current];
    const step = (by, text) => make("button", { type: "button", "data-control": "step", ...(current + by in found ? {} : { disabled: "" }), click: () => { current += by; draw(); } }, text);
    const cell = Object.values(entry.labels).filter((value) => value !== "none").join(" · ");
    const asked = entry.asked.lines.length ? make("div", { class: "program mono" }, ...entry.asked.lines.map(([line, inside]) => make("span", { class: inside ? "line inside" : "line" }, line))) : "";
    const [a, b] = sidesOf(entry);
    const panel = make(
      "div",
      { id: entry.at },
      make("p", { class: "steps" }, step(-1, "← previous"), ` ${(current + 1).toLocaleString("en")} of ${found.length.toLocaleString("en")} `, step(1, "next →"), make("a", { class: "here", href: `#${entry.at}`, "aria-label": "Link to this problem" })),
      make("p", {}, make("a", { href: `#${entry.cell}` }, `${cell} · seed ${entry.seed}`), entry.steps ? `; ${entry.steps} step${entry.steps > 1 ? "s" : ""}` : ""),
      asked,
      make("p", { class: entry.asked.lines.length ? "" : "mono" }, entry.asked.said, entry.begun ? ` ${entry.begun}` : ""),
      make("div", { class: "pair" }, column(entry, leftBox.value, a), ...(rightBox.value === leftBox.value ? [] : [column(entry, rightBox.value, b)])),
    );
    return box.replaceChildren(panel);
  }

  function update() {
    const is = chosen(form);
    found = entries.filter((entry) => {
      const [a, b] = sidesOf(entry);
      const text = `${Object.values(entry.labels).join(" ")} ${entry.asked.said} ${entry.asked.lines.map(([line]) => line).join(" ")}`;
      const mistaken = !kindBox.value || [a, b].some((side) => side && kindBox.value in side.kinds);
      return (a || b) && mistaken && is({ ...entry.labels, seed: String(entry.seed), steps: String(entry.steps) }, text) && compared[stateBox.value](a, b);
    });
    current = 0;
    count(form, found.length, entries.length);
    draw();
  }

  form.addEventListener("reset", () => setTimeout(() => { leftBox.value = left; rightBox.value = right; update(); }));
  document.getElementById("two-traces").hidden = true;
  choosing(form, update);
  traces.show = (name) => {
    const entry = entries.find(({ at }) => at === name);
    if (!entry) return false;
    if (!found.includes(entry)) {
      form.reset();
      leftBox.value = left;
      rightBox.value = right;
      update();
    }
    current = Math.max(0, found.indexOf(entry));
    draw();
    document.getElementById(name)?.scrollIntoView();
    return true;
  };
}

addEventListener("hashchange", visit);
addEventListener("beforeprint", unfold);
addEventListener("afterprint", fold);
visit();
document.documentElement.dataset.ready = "yes";
