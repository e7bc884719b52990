// Owns the messages between the page and the window that embeds it.
//
// Replies carry no id and are not sent in the order of the requests: each
// request runs by itself. Who may not talk to the page is not answered at all.

import { faults, once } from "./config.js";
import { junk } from "./faults.js";
import { closeAll, openFiles } from "./files.js";
import { connection } from "./connection.js";
import { openByMessage } from "./opening.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Start to listen. `settings` is a promise: until it is there, all replies wait for it. */
export function listen(settings) {
  window.addEventListener("message", async (event) => {
    const hosts = await settings;
    if ("dead-listener" in faults || !isAllowed(event.origin, hosts)) return;
    await handle(event.data, (message) => {
      if ("junk-replies" in faults) junk(event);
      event.source?.postMessage(message, event.origin);
      if ("duplicate-replies" in faults) event.source?.postMessage(message, event.origin);
    });
  });
}

/** https without a port, and a host of the list: exactly, or below one that begins with a dot. */
export function isAllowed(origin, hosts) {
  const match = /^https:\/\/([^:/]+)$/.exec(origin);
  if (!match) return false;
  const host = match[1];
  return hosts.some((rule) =>
    rule.startsWith(".") ? host === rule.slice(1) || host.endsWith(rule) : host === rule,
  );
}

async function handle(data, reply) {
  const fail = (mesg) => reply({ status: "error", mesg });
  if (data === null || data === undefined) return fail('There is no payload "data"');
  if (typeof data !== "object") return fail('The payload "data" must be an object');
  switch (data.action) {
    case "status":
      return reply({ status: "done", connection: { ...connection }, open_files: openFiles() });
    case "closeall":
      closeAll();
      return reply({ status: "done", mesg: "all files are closed" });
    case "open":
      return await open(data, reply, fail);
    default:
      return fail(`Unknown action '${data.action}'`);
  }
}

async function open(data, reply, fail) {
  const { project_id, path } = data;
  if (!UUID.test(project_id)) return fail(`invalid project_id='${project_id}'`);
  if (typeof path !== "string") return fail("invalid path, it must be a string");
  if ("silent-open" in faults) return;
  if ("error-without-action" in faults) return fail("the project cannot be opened (a fault)");
  if (await once("reload-in-flight")) return window.location.reload();
  await openByMessage({ project_id, path }, reply);
}
