// Owns what CoCalc tells any page that frames it, unasked: its projects' log.

import { ask, embedded, faults, isB, site, sleep } from "./config.js";
import { isListed } from "./files.js";

/** Write to the project's log that a file was opened; what there is to tell of it, or null. */
export async function logOpened(project_id, path) {
  const at = performance.now();
  const { entry } = await ask("opened", { project_id, path });
  return entry ? { entry, at } : null;
}

/** Tell a row of the log to the page around this one, whoever that is. */
export function tell(entry) {
  if (!embedded || !entry) return;
  window.parent.postMessage({ source: "cocalc-project-log", payload: { project_log: entry } }, "*");
}

/** A file's document is on the screen: B says so once, a while later. Some kinds never do. */
export async function tellRendered(file) {
  const { rendering } = file.document;
  if (!isB || file.rendering || rendering === "never") return;
  file.rendering = true;
  const seconds = faults["slow-rendering"] ?? site.render_seconds;
  if (rendering === "twice") {
    await sleep(seconds / 2);
    if (!isListed(file)) return;
    file.told = await logOpened(file.project_id, file.name);
    tell(file.told?.entry);
  }
  await sleep(seconds);
  if (!isListed(file) || !file.told) return;
  const { entry, at } = file.told;
  const ms = Math.round(performance.now() - at);
  const { project_id, id } = entry;
  await ask("rendered", { project_id, id, ms });
  tell({ event: { time: ms }, project_id, id });
}
