// Owns which files are open, in which order, and which of them is in front.

const projects = new Map(); // project_id -> Map of path -> file
let front = null;
let screen = null; // the file whose document was drawn last
let onChange = () => {};
let onShown = () => {};

/** Called after each change. */
export const changed = (callback) => {
  onChange = callback;
};

/** Called with a file whose document has come to be on the screen. */
export const shown = (callback) => {
  onShown = callback;
};

export const openFiles = () =>
  Object.fromEntries(
    [...projects].filter(([, files]) => files.size).map(([id, files]) => [id, ordered(files)]),
  );

/** More than eight files are told in the order of CoCalc's hashes of their names (recording). */
function ordered(files) {
  const paths = [...files.keys()];
  if (paths.length <= 8) return paths;
  const digits = new Map(paths.map((path) => [path, hashDigits(path)]));
  return paths.sort((a, b) => {
    const [left, right] = [digits.get(a), digits.get(b)];
    const at = left.findIndex((digit, i) => digit !== right[i]);
    return at < 0 ? 0 : left[at] - right[at];
  });
}

function hashDigits(text) {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (31 * hash + text.charCodeAt(i)) | 0;
  hash = ((hash >>> 1) & 0x40000000) | (hash & 0xbfffffff);
  return [0, 5, 10, 15, 20, 25, 30].map((shift) => (hash >>> shift) & 31);
}

/** Enter a path into the list and put it in front; its document may come later. */
export function list(project_id, path) {
  if (!projects.has(project_id)) projects.set(project_id, new Map());
  const files = projects.get(project_id);
  const isNew = !files.has(path);
  if (isNew) files.set(path, { project_id, path });
  front = files.get(path);
  return { file: front, isNew };
}

export const isListed = (file) => projects.get(file.project_id)?.get(file.path) === file;

/** Its document is there. What was closed meanwhile is open again (recording). */
export function land(file, document) {
  file.document = document;
  if (!isListed(file)) {
    list(file.project_id, file.path);
    projects.get(file.project_id).set(file.path, file);
    front = file;
  }
  onChange();
  if (front === file) onShown(file);
}

/** The files whose documents are there, and the one of them that is on the screen. */
export function tabs() {
  const there = [...projects.values()].flatMap((files) => [...files.values()]);
  const landed = there.filter((file) => file.document);
  screen = [front, screen, landed.at(-1)].find((file) => landed.includes(file)) ?? null;
  return { landed, current: screen };
}

export function toFront(file) {
  front = file;
  onChange();
  onShown(file);
}

export function closeFile(file) {
  projects.get(file.project_id)?.delete(file.path);
  onChange();
  const { current } = tabs();
  if (front === file && current) toFront(current);
}

export function closeAll() {
  projects.clear();
  front = null;
  onChange();
}
