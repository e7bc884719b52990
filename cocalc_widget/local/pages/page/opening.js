// Owns one open, from being asked for to being on the screen: by message, or by the address.

import { ask, faults, isB, kiosk, moveTo, once, site, sleep } from "./config.js";
import { noise, ReversedDones } from "./faults.js";
import { closeFile, land, list } from "./files.js";
import { hello, whoIsIn } from "./connection.js";
import { showFolder, showNote } from "./notices.js";
import { enter } from "./projects.js";
import { logOpened, tell } from "./told.js";

const AGAIN = 0.25; // seconds after which a stopped project is asked for again
const reversed = new ReversedDones();

/** Open a file that a message asked for. What cannot be shown is done all the same. */
export async function openByMessage({ project_id, path }, reply) {
  await hello;
  if (whoIsIn() === "half") return; // it waits for ever (recording B6.none)
  const project = await enter(project_id);
  if (!project) return;
  if ("slow-ack" in faults) await sleep(faults["slow-ack"]);
  const about = { action: "open", path, project_id };
  const done = () => reply({ status: "done", ...about });
  if (project.hollow) {
    reply({ status: "ack", ...about });
    list(project_id, path);
    if (!isB && project.exists) return;
    await sleep(site.hollow_seconds);
    return done();
  }
  const told = isB ? await logOpened(project_id, path) : null;
  reply({ status: "ack", ...about });
  tell(told?.entry);
  if (await once("reload-after-ack")) return window.location.reload();
  if ("ack-without-done" in faults) return;
  if ("error-after-ack" in faults)
    return reply({ status: "error", ...about, mesg: "failed (a fault)" });
  if ("project-log-noise" in faults) noise(project_id, faults["project-log-noise"]);
  const hidden = "done-without-open" in faults;
  const opened = hidden ? {} : await open(project_id, path, told);
  if (opened.error) return reply({ status: "error", ...about, mesg: opened.error });
  if ("late-done" in faults) await sleep(faults["late-done"]);
  if ("reversed-dones" in faults) await reversed.finish(done, faults["reversed-dones"]);
  else done();
  if (!isB && opened.isNew) tell((await logOpened(project_id, path))?.entry);
}

/** List a file, wait for its document, and show it; a folder leaves the list again. */
async function open(project_id, name, told) {
  const path = isB ? name.replace(/^\/+/, "") : name; // (recording B1.open.leading_slash)
  if (isB) moveTo(project_id, "");
  const { file, isNew } = list(project_id, path);
  Object.assign(file, { name, told });
  let document = await ask("file", { project_id, path });
  while (document.stopped) {
    await sleep(AGAIN);
    document = await ask("file", { project_id, path });
  }
  if (!document.kind) {
    if (isNew) closeFile(file);
    return { error: document.error };
  }
  land(file, document);
  if (isB) moveTo(project_id, path);
  return { isNew };
}

/** Show what the address names: a file, a folder, or why there is nothing to be seen. */
export async function openByAddress({ project_id, path }) {
  if (isB && kiosk) return; // nothing (recordings T, F)
  await hello;
  if (whoIsIn() !== "in") return kiosk || showNote("signed-out");
  const project = await enter(project_id);
  if (!project?.ok) return kiosk || showNote("stranger");
  await visit(project_id, path, project);
}

async function visit(project_id, path, { title }) {
  const found = await ask("file", { project_id, path, start: kiosk });
  if (found.stopped) return await offer(project_id, path, title);
  if (!kiosk && (path === "" || found.folder)) return await browse(project_id, path, title);
  if (found.error) return kiosk || showNote("failed", found.error);
  if (!found.kind)
    return kiosk || showNote("failed", "CoCalc has no editor for this kind of file.");
  const { file } = list(project_id, path);
  const told = await logOpened(project_id, path);
  Object.assign(file, { name: path, told });
  tell(told?.entry);
  land(file, found);
  if (!kiosk) moveTo(project_id, path);
}

/** A folder's files, each a way on. */
async function browse(project_id, path, title) {
  const { entries, error } = await ask("folder", { project_id, path });
  if (error) return showNote("failed", error);
  moveTo(project_id, path);
  showFolder({ title, path, entries }, (inner) => visit(project_id, inner, { title }));
}

/** A stopped project: the files that were there last, and the offer to start it. */
async function offer(project_id, path, title) {
  const { entries } = await ask("folder", { project_id, path: "" });
  moveTo(project_id, "");
  const start = async () => {
    showNote("starting", title);
    await ask("start", { project_id });
    await visit(project_id, path, { title });
  };
  const goOn = (inner) => offer(project_id, inner, title);
  showFolder({ title, path: "", entries: entries ?? [], asked: path, start }, goOn);
}
