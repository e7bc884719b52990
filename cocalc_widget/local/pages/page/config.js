// Owns what the page knows at its start: the site's config, and what its address asks for.

const config = JSON.parse(document.getElementById("config").textContent);

// The server sends /app and /projects/... here; the address goes back to what was asked for.
const here = new URL(window.location.href);
const target = here.searchParams.get("target");
const asked = target?.startsWith("/") && !target.startsWith("//") ? target : `/app${here.search}`;
const start = new URL(asked, here.origin);
const file = /^\/projects\/([0-9a-f-]{36})(?:\/files\/?(.*)|\/?)$/i.exec(start.pathname);

/** What was asked for, as it was. */
export const wanted = start.pathname + start.search;
export const site = config;
export const isB = config.generation === "B";
export const faults = { ...config.faults };
/** "kiosk", "default" (the editor alone), "project" (with the project's bars) or "none". */
export const mode = start.searchParams.get("fullscreen") ?? "none";
export const kiosk = config.app && mode === "kiosk";
export const embedded = window.parent !== window;
export const token = start.searchParams.get("auth_token");
export const first = file && { project_id: file[1], path: decoded(file[2] ?? "") };

start.searchParams.delete("session");
if (mode === "default") start.searchParams.delete("fullscreen");
if (isB && start.pathname === "/app") start.pathname = "/settings"; // (recording)
if (config.app) history.replaceState(null, "", start.pathname + start.search);

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The page's own address without the token, as generation A leaves it. */
export function withoutToken() {
  const url = new URL(start);
  url.searchParams.delete("auth_token");
  return url.pathname + url.search;
}

/** Let the page's address name this file, or folder of a project. */
export function moveTo(project_id, path) {
  const names = path.split("/").map(encodeURIComponent).join("/");
  history.replaceState(null, "", `/projects/${project_id}/files/${names}${start.search}`);
}

export const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/** Ask the site something of its own. Waits for a site that is gone, as CoCalc does. */
export async function ask(name, body) {
  for (;;) {
    try {
      const response = await fetch(`/local/${name}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      if (response.ok) return await response.json();
    } catch {
      // the site is gone; it may come back
    }
    await sleep(0.3);
  }
}

/** Whether a fault that shows once is to be shown now. */
export async function once(name) {
  return name in faults && (await ask("once", { name })).ok;
}
