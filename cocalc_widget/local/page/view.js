// Owns what the user sees: tabs, the document, and the site's name where nothing is open.

import { closeFile } from "./files.js";

const bar = document.getElementById("bar");
const tabs = document.getElementById("tabs");
const view = document.getElementById("view");
const project = document.getElementById("project");
const nothing = document.getElementById("nothing");

let shown = []; // the documents of the tabs, in their order
let current = null;

const same = (a, b) => a && b && a.project_id === b.project_id && a.path === b.path;

/** Show a file just opened; or, without one, forget those that were closed. */
export function show(file, closed) {
  if (file) {
    const at = shown.findIndex((other) => same(other, file));
    if (at < 0) shown.push(file);
    else shown[at] = file;
    current = file;
  } else {
    shown = closed ? shown.filter((other) => !same(other, closed)) : [];
    current = shown.some((other) => same(other, current)) ? current : (shown.at(-1) ?? null);
  }
  draw();
}

function draw() {
  bar.hidden = shown.length === 0;
  nothing.hidden = shown.length > 0;
  tabs.replaceChildren(...shown.map(tab));
  project.textContent = current?.project ?? "";
  document.title = current ? current.path : nothing.textContent;
  // sanitized by the server; the page's own policy lets nothing in it run
  view.innerHTML = current?.html ?? "";
  view.className = current ? `kind-${current.kind}` : "";
  view.dataset.path = current?.path ?? "";
  view.scrollTop = 0;
}

function tab(file) {
  const name = document.createElement("button");
  name.type = "button";
  name.role = "tab";
  name.className = "tab";
  name.ariaSelected = String(same(file, current));
  name.title = file.path;
  name.textContent = file.path.split("/").at(-1) || "untitled";
  name.dataset.kind = file.kind;
  name.onclick = () => {
    current = file;
    draw();
  };
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.ariaLabel = `Close ${file.path}`;
  close.textContent = "×";
  close.onclick = () => closeFile(file.project_id, file.path);
  const both = document.createElement("span");
  both.className = same(file, current) ? "pair current" : "pair";
  both.append(name, close);
  return both;
}
