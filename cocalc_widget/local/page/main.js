// Owns the start of the page: boot, sign-in by token, the file in the address.

import { ask, faults, first, kiosk, site, sleep, token, withoutToken } from "./config.js";
import { forge } from "./faults.js";
import { changed, enter, openFile } from "./files.js";
import { listen, projectLog } from "./listener.js";
import { connect, hello, hold, isSignedIn } from "./live.js";
import { show } from "./view.js";

const BEFORE_RELOAD = 0.4; // seconds: in CoCalc, status is answered for a while before it

changed(show);
boot();

async function boot() {
  await sleep(faults["slow-listener"] ?? site.boot_delay);
  const byToken = token && site.generation === "A";
  if (byToken) hold(true);
  connect();
  if (kiosk) {
    listen(settings());
    forge(faults);
  }
  if (byToken && (await signIn())) return; // the page reloads
  await hello;
  if (!first || !isSignedIn()) return;
  if (!(await enter(first.project_id))) return;
  if (await openFile(first.project_id, first.path)) projectLog(first.project_id, first.path);
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
