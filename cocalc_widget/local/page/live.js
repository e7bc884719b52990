// Owns the line to the site: connection status, sign-in, and faults switched at run time.

import { faults, sleep } from "./config.js";

export const connection = { quality: "good", status: "connecting", status_time: now() };

let signedIn = false;
let held = false;
let greeted;
export const hello = new Promise((done) => {
  greeted = done;
});

/** Whether somebody is signed in here, as the site sees it. */
export const isSignedIn = () => signedIn && !("signed-out" in faults);

/** Keep saying "connecting" (a sign-in by token is under way). */
export function hold(on) {
  held = on;
  if (!on && greeted === null) set("connected");
}

function now() {
  return new Date().toISOString();
}

function set(status) {
  const shown = "stuck-connecting" in faults || held ? "connecting" : status;
  if (connection.status === shown) return;
  connection.status = shown;
  connection.status_time = now();
}

/** Stay connected for as long as the page lives. */
export async function connect() {
  for (let pause = 0.25; ; pause = Math.min(pause * 1.5, 2)) {
    await oneConnection(() => {
      pause = 0.25;
    });
    set("disconnected");
    await sleep(pause);
  }
}

function oneConnection(worked) {
  return new Promise((ended) => {
    const socket = new WebSocket(`wss://${window.location.host}/local/live`);
    socket.onclose = ended;
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "hello") {
        worked();
        signedIn = message.signed_in;
        greeted?.();
        greeted = null;
        set("connected");
        socket.send(String(performance.now()));
      } else if (message.type === "faults") {
        for (const name of Object.keys(faults)) delete faults[name];
        Object.assign(faults, message.faults);
        set("connected");
        socket.send(`faults ${message.round}`);
      } else if (message.type === "pong") {
        connection.ping = Math.max(1, Math.round(performance.now() - Number(message.of)));
      }
    };
  });
}
