// Owns what is seen where no document is: a word of why, a folder's files, the offer to start.

import { mode, wanted } from "./config.js";

const note = document.getElementById("note");
const folder = document.getElementById("folder");
const nothing = document.getElementById("nothing");
const bare = mode === "kiosk"; // which shows the site's name, and little else

const WORDS = {
  connecting: () => ["Connecting…"],
  "signed-out": () =>
    bare ? ["You must sign in."] : ["Connecting…", "You must sign in.", signIn()],
  stranger: () => ["This project does not exist, or you are not one of its collaborators."],
  starting: (title) => [`Starting the project "${title}" …`],
  failed: (words) => [words],
};

const made = (name, text, more = {}) =>
  Object.assign(document.createElement(name), { textContent: text, ...more });

function signIn() {
  const url = new URL("/auth/sign-in", window.location.href);
  url.searchParams.set("target", wanted);
  return made("a", "Sign in", { href: url.href, className: "action" });
}

/** Forget note and folder: a document is there. */
export function clear() {
  note.hidden = folder.hidden = true;
}

/** Say why there is nothing; a name without words, or none, says nothing. */
export function showNote(name, detail) {
  clear();
  const lines = WORDS[name]?.(detail) ?? [];
  note.hidden = lines.length === 0;
  nothing.hidden = !bare;
  note.dataset.kind = name || "";
  note.replaceChildren(...lines.map((line) => (line.nodeType ? line : made("p", line))));
}

/** The files of a folder; and where the project is stopped (`start`), the offer to start it. */
export function showFolder({ title, path, entries, asked, start }, goOn) {
  clear();
  nothing.hidden = true;
  folder.hidden = false;
  const inner = (name) => (path ? `${path.replace(/\/+$/, "")}/${name}` : name);
  const rows = entries.map((entry) => {
    const name = made("button", entry.isdir ? `${entry.name}/` : entry.name, { type: "button" });
    name.onclick = () => goOn(inner(entry.name));
    const row = document.createElement("tr");
    const cells = [made("td", ""), made("td", when(entry.mtime)), made("td", size(entry))];
    cells[0].append(name);
    row.append(...cells);
    return row;
  });
  const table = document.createElement("table");
  const head = document.createElement("tr");
  head.append(...["Name", "Date Modified", "Size"].map((name) => made("th", name)));
  table.append(head, ...rows);
  const crumbs = made("h1", `${title} / ${path}`);
  const stale = made(
    "p",
    "Showing stale directory listing. To update the directory listing start this project.",
    { className: "stale" },
  );
  const parts = start ? [crumbs, stale, table] : [crumbs, table];
  if (!entries.length) parts.push(made("p", "No files.", { className: "empty" }));
  folder.replaceChildren(...parts);
  if (start) folder.append(question(title, asked, start));
}

function question(title, asked, start) {
  const box = made("div", "", { className: "question", role: "dialog" });
  const name = asked.split("/").at(-1);
  const why = `You must start the project "${title}" before you can open ${name || "a file"}.`;
  const cancel = made("button", "Cancel", { type: "button" });
  const ok = made("button", "OK", { type: "button", className: "action" });
  cancel.onclick = () => box.remove();
  ok.onclick = start;
  const buttons = made("div", "", { className: "buttons" });
  buttons.append(cancel, ok);
  box.append(made("h2", "Start this project?"), made("p", why), buttons);
  return box;
}

const when = (seconds) =>
  new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

function size({ isdir, size: bytes }) {
  if (isdir) return "";
  return bytes < 1000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(1)} kB`;
}
