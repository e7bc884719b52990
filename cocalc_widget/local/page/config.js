// Owns what the page knows at its start: the site's config, and what its address asks for.

const config = JSON.parse(document.getElementById("config").textContent);

// The server sends /app and /projects/... here; the address goes back to what was asked for.
const here = new URL(window.location.href);
const target = here.searchParams.get("target");
const asked = target?.startsWith("/") && !target.startsWith("//") ? target : `/app${here.search}`;
export const address = new URL(asked, here.origin);
if (config.app) history.replaceState(null, "", address.pathname + address.search);

const file = /^\/projects\/([0-9a-f-]{36})\/files\/(.*)$/i.exec(address.pathname);

export const site = config;
export const faults = { ...config.faults };
export const kiosk = config.app && address.searchParams.get("fullscreen") === "kiosk";
export const token = address.searchParams.get("auth_token");
export const first = file && { project_id: file[1], path: decodeURIComponent(file[2]) };

/** The page's own address without the token, as CoCalc leaves it. */
export function withoutToken() {
  const url = new URL(address);
  url.searchParams.delete("auth_token");
  url.searchParams.delete("session");
  return url.pathname + url.search;
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
