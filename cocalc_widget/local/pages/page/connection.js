// Owns the line to the site: connection status, who is signed in, faults switched at run time.

import { embedded, faults, isB, site, sleep } from "./config.js";

// B tells no time before it is connected, A null until it tries to be (recordings)
export const connection = { quality: "good", status: "connecting" };
if (!isB) connection.status_time = null;

const DRIFT = 25; // ms: so soon after "connected" B's "disconnected" is dated (recordings)

let remembered = false; // the site knows the session's cookie
let held = false;
let since = 0;
let ending;
let over = false; // signed out, and told so
let onOver = () => {};
let greeted;
export const hello = new Promise((done) => {
  greeted = done;
});

/** Called with whether the page says that it is disconnected because nobody is signed in. */
export const whenOver = (callback) => {
  onOver = callback;
};

/**
 * "in", "out", or "half": the site knows who it is, but the page does not. On B its script
 * reads the cookie account_id, which a frame on another site may have lost alone.
 */
export function whoIsIn() {
  if (!remembered || "signed-out" in faults) return "out";
  return isB && !cookies().includes("account_id=") ? "half" : "in";
}

function cookies() {
  try {
    return document.cookie;
  } catch {
    return ""; // an opaque origin has none
  }
}

/** Keep saying "connecting" (a sign-in by token is under way). */
export function hold(on) {
  held = on;
  if (!on && greeted === null) connected();
}

function set(status, time = Date.now()) {
  const shown = "stuck-connecting" in faults || held ? "connecting" : status;
  if (connection.status === shown) return;
  connection.status = shown;
  connection.status_time = new Date(time).toISOString();
  if (isB && shown === "connecting") delete connection.status_time;
}

/** The site is there. On B that does not last for a page that is signed out. */
function connected() {
  const lasts = !isB || whoIsIn() !== "out";
  if (lasts) {
    clearTimeout(ending);
    ending = undefined;
    if (over) onOver(false);
    over = false;
  }
  if (over) return;
  if (connection.status !== "connected") since = Date.now();
  set("connected", since);
  if (lasts) return;
  ending ??= setTimeout(() => {
    over = true;
    set("disconnected", since + DRIFT);
    onOver(over);
  }, site.signed_out_seconds * 1000);
}

/** Stay connected for as long as the page lives; a frame that is out of view waits for it. */
export async function connect() {
  await inView();
  if (!isB) connection.status_time = new Date().toISOString();
  for (let pause = 0.25; ; pause = Math.min(pause * 1.5, 2)) {
    await oneConnection(() => {
      pause = 0.25;
    });
    set("disconnected");
    await sleep(pause);
  }
}

function inView() {
  if (!embedded || document.hidden) return Promise.resolve();
  return new Promise((seen) => {
    const watch = new IntersectionObserver((changes) => {
      if (!changes.some((change) => change.isIntersecting)) return;
      watch.disconnect();
      seen();
    });
    watch.observe(document.documentElement);
  });
}

function oneConnection(worked) {
  return new Promise((ended) => {
    const socket = new WebSocket(`wss://${window.location.host}/local/socket`);
    socket.onclose = ended;
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "hello") {
        worked();
        remembered = message.remembered;
        greeted?.();
        greeted = null;
        connected();
        socket.send(String(performance.now()));
      } else if (message.type === "faults") {
        for (const name of Object.keys(faults)) delete faults[name];
        Object.assign(faults, message.faults);
        connected();
        socket.send(`faults ${message.round}`);
      } else if (message.type === "pong") {
        connection.ping = Math.max(1, Math.round(performance.now() - Number(message.of)));
      }
    };
  });
}
