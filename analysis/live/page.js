const EVERY = 3000, SOON = 400, HIDDEN = 15000;
const shown = new Map();
let version = "", refreshes = 0, seen = new Date();
async function refresh() {
  let wait = document.hidden ? HIDDEN : EVERY;
  const stale = document.getElementById("stale");
  try {
    const reply = await fetch("sections", { cache: "no-store", headers: version ? { "If-None-Match": version } : {} });
    if (reply.status !== 200 && reply.status !== 304) throw new Error(reply.status);
    if (reply.status === 200) {
      version = reply.headers.get("ETag");
      const { sections, more } = await reply.json();
      for (const [name, html] of Object.entries(sections)) {
        if (shown.get(name) !== html) {
          const part = document.getElementById(name);
          part.innerHTML = html;
          plots(part);
          shown.set(name, html);
        }
      }
      if (more && !document.hidden) wait = SOON;
    }
    seen = new Date();
    document.documentElement.dataset.refreshes = ++refreshes;
    stale.textContent = "";
    stale.className = "";
  } catch (reason) {
    stale.textContent = `The server does not answer (was it stopped?). This is how things stood at ${seen.toLocaleTimeString()}.`;
    stale.className = "note";
  }
  setTimeout(refresh, wait);
}
refresh();
