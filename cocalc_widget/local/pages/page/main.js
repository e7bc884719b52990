// Owns the start of the page: boot, sign-in by token, the file in the address.

import {
  ask,
  faults,
  first,
  isB,
  kiosk,
  mode,
  site,
  sleep,
  token,
  withoutToken,
} from "./config.js";
import { forge } from "./faults.js";
import { changed, shown } from "./files.js";
import { listen } from "./listener.js";
import { connect, hold, whenOver } from "./connection.js";
import { showNote } from "./notices.js";
import { openByAddress } from "./opening.js";
import { tellRendered } from "./told.js";
import { draw } from "./view.js";

const BEFORE_RELOAD = 0.4; // seconds: in CoCalc, status is answered for a while before it

changed(draw);
shown(tellRendered);
whenOver((over) => kiosk && showNote(over && "signed-out"));
if (first) dress();
boot();

/** The bars that CoCalc has around a file, as far as the address asks for them. */
function dress() {
  if (!kiosk) showNote("connecting");
  document.getElementById("top").hidden = mode !== "none";
  document.getElementById("rail").hidden = mode !== "none" && mode !== "project";
  const query = mode === "project" ? "?fullscreen=project" : "";
  document.getElementById("explorer").href = `/projects/${first.project_id}/files/${query}`;
}

async function boot() {
  await sleep(faults["slow-listener"] ?? site.boot_delay);
  const byToken = token && !isB;
  if (byToken) hold(true);
  connect();
  if (kiosk) {
    listen(settings());
    forge(faults);
  }
  if (byToken && (await signIn())) return; // the page reloads
  if (first && site.app) await openByAddress(first);
}

async function settings() {
  if ("slow-config" in faults) await sleep(faults["slow-config"]);
  for (;;) {
    try {
      const response = await fetch("/customize");
      return (await response.json()).configuration.iframe_comm_hosts;
    } catch {
      await sleep(0.3); // the site is gone; it may come back
    }
  }
}

/** Sign in by the token of the address; true if the page is about to reload. */
async function signIn() {
  const { ok } = await ask("token", { token });
  if (ok) {
    await sleep(BEFORE_RELOAD);
    window.location.replace(withoutToken());
    return true;
  }
  history.replaceState(null, "", withoutToken());
  hold(false);
  return false;
}
