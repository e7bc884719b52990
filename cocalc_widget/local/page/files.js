// Owns which files are open, in their order, and how one comes to be open.

import { ask } from "./config.js";

const open = new Map(); // project_id -> [path, ...]
const projects = new Map(); // project_id -> title
let onChange = () => {};

/** Called after each change, with the file to show now (or null). */
export const changed = (callback) => {
  onChange = callback;
};

export const openFiles = () =>
  Object.fromEntries([...open].filter(([, paths]) => paths.length).map(([id, p]) => [id, [...p]]));

/** Whether the user may enter the project; starts it if need be. */
export async function enter(project_id) {
  if (!projects.has(project_id)) {
    const answer = await ask("project", { project_id });
    if (!answer.ok) return false;
    projects.set(project_id, answer.title);
  }
  return true;
}

/** Open a file. What cannot be shown is not open afterwards, and that is no error here. */
export async function openFile(project_id, path) {
  const file = await ask("file", { project_id, path });
  if (file.error) throw new Error(file.error);
  if (!file.kind) return false;
  const paths = open.get(project_id) ?? [];
  open.set(project_id, paths);
  const isNew = !paths.includes(path);
  if (isNew) paths.push(path);
  onChange({ project_id, path, ...file });
  return isNew;
}

export function closeFile(project_id, path) {
  const paths = open.get(project_id) ?? [];
  if (paths.includes(path)) paths.splice(paths.indexOf(path), 1);
  onChange(null, { project_id, path });
}

export function closeAll() {
  open.clear();
  onChange(null);
}
