// Owns what the user sees: bars, tabs, the document, and the site's name where nothing is open.

import { mode } from "./config.js";
import { closeFile, tabs as openTabs, toFront } from "./files.js";
import { clear } from "./notices.js";

const bar = document.getElementById("bar");
const tabs = document.getElementById("tabs");
const view = document.getElementById("view");
const project = document.getElementById("project");
const nothing = document.getElementById("nothing");
const where = document.getElementById("where");

let drawn = null; // the document in the view

document.body.dataset.mode = mode;

/** Draw what is open now. */
export function draw() {
  const { landed, current } = openTabs();
  const shown = current?.document;
  bar.hidden = landed.length === 0;
  nothing.hidden = landed.length > 0;
  if (shown) clear();
  tabs.replaceChildren(...landed.map((file) => tab(file, file === current)));
  project.textContent = where.textContent = shown?.project ?? "";
  document.title = current ? current.path : nothing.textContent;
  if (drawn === shown) return;
  drawn = shown;
  // sanitized by the server; the page's own policy lets nothing in it run
  view.innerHTML = shown?.html ?? "";
  view.className = shown ? `kind-${shown.kind}` : "";
  view.dataset.path = current?.path ?? "";
  view.scrollTop = 0;
}

function tab(file, isCurrent) {
  const name = document.createElement("button");
  name.type = "button";
  name.role = "tab";
  name.className = "tab";
  name.ariaSelected = String(isCurrent);
  name.title = file.path;
  name.textContent = file.path.split("/").at(-1) || "untitled";
  name.dataset.kind = file.document.kind;
  name.onclick = () => toFront(file);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.ariaLabel = `Close ${file.path}`;
  close.textContent = "×";
  close.onclick = () => closeFile(file);
  const both = document.createElement("span");
  both.className = isCurrent ? "pair current" : "pair";
  both.append(name, close);
  return both;
}
