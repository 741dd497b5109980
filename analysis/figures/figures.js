// Brings the pictures of a page to life: each `.plot` holds a picture and its specification, which is drawn anew when it comes into view.
const LEAST = 260, BESIDE = 84, NARROW = 700, LABEL = 8;

function reshaped(spec, room) { // for a narrow page: fewer panels beside each other, each as wide as there is room
  const width = Math.min(...widths(spec, []));
  if (!Number.isFinite(width) || room >= NARROW) return spec;
  const turn = (part) => {
    if (part.vconcat) return { ...part, vconcat: part.vconcat.map(turn) };
    if (!part.concat || !part.columns) return part;
    const columns = Math.max(1, Math.min(part.columns, Math.floor(room / LEAST)));
    const each = Math.floor(room / columns) - BESIDE;
    const first = titled(part.concat[0]);
    return { ...part, columns, concat: part.concat.map((panel, i) => {
      const own = i % columns ? panel : retitled(panel, first);
      return { ...own, width: typeof panel.width === "number" ? each : panel.width };
    }) };
  };
  const legend = { ...spec.config.legend, columns: 1, labelLimit: room - 60 };
  return { ...turn(flat(spec)), config: { ...spec.config, legend } };
}

function flat(part) { // without the columns of legends, which were counted for a wide page
  if (Array.isArray(part)) return part.map(flat);
  if (!part || typeof part !== "object") return part;
  const kept = Object.entries(part).filter(([key]) => !(key === "columns" && "symbolType" in part));
  return Object.fromEntries(kept.map(([key, value]) => [key, key === "datasets" || key === "data" ? value : flat(value)]));
}

function widths(part, found) {
  for (const each of part.vconcat ?? part.concat ?? []) widths(each, found);
  if (typeof part.width === "number") found.push(part.width);
  return found;
}

function titled(panel) { // the title of the vertical axis, which stands beside the first panel of a row
  return (panel.layer ?? [panel]).map((layer) => layer.encoding?.y?.title).find((title) => title);
}

function retitled(panel, title) {
  const named = (layer) => layer.encoding?.y && "title" in layer.encoding.y ? { ...layer, encoding: { ...layer.encoding, y: { ...layer.encoding.y, title } } } : layer;
  return panel.layer ? { ...panel, layer: panel.layer.map(named) } : named(panel);
}

async function bring(plot) {
  const picture = plot.querySelector(".picture > *"), knobs = plot.querySelector(".knobs");
  const whole = JSON.parse(plot.querySelector("script").textContent);
  let view, room;
  const draw = async () => {
    room = plot.clientWidth;
    const spec = reshaped(whole, room);
    view?.finalize();
    knobs.replaceChildren();
    const made = await vegaEmbed(picture, spec, { mode: "vega-lite", ast: true, renderer: "svg", actions: false, defaultStyle: false,
      hover: false, logLevel: 1, bind: knobs, tooltip: { disableDefaultStyle: true } });
    view = made.view;
    plot.dataset.live = "";
    if (!spec.params) return;
    const reset = document.createElement("button");
    reset.type = "button";
    reset.textContent = "reset";
    reset.title = "as it was: double click does the same";
    reset.onclick = draw;
    knobs.append(reset);
  };
  await draw();
  picture.ondblclick = draw;
  new ResizeObserver(() => { // a phone was turned, or a window narrowed
    if (Math.abs(plot.clientWidth - room) > 8 && Math.min(plot.clientWidth, room) < NARROW) draw();
  }).observe(plot);
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((each) => each.isIntersecting)) {
    seen.unobserve(entry.target);
    bring(entry.target).catch((reason) => { entry.target.dataset.failed = String(reason); });
  }
}, { rootMargin: "300px" });

globalThis.plots = (part) => { for (const plot of part.querySelectorAll(".plot")) seen.observe(plot); };
globalThis.plots(document);
