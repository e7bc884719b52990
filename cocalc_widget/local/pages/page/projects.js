// Owns the way into a project: who may come in, and what becomes of those who may not.
//
// CoCalc waits for ever at a door that is closed, and says nothing; but it takes note that
// it went there, and the next open of the same project is acknowledged (recordings).

import { ask, isB, kiosk } from "./config.js";
import { hello, whoIsIn } from "./connection.js";

const doors = new Map(); // project_id -> a promise of the site's answer
let turn = 0;

/**
 * Enter a project. The answer has `ok` and `title`, or `hollow`: it is not to be entered,
 * though an earlier open went there; null: this is the first, and there is no answer.
 */
export async function enter(project_id) {
  const before = doors.get(project_id);
  if (!before) doors.set(project_id, arrive(project_id));
  let door = await doors.get(project_id);
  if (!door.ok && before && !door.left) {
    door = await knock(project_id); // it may have been opened meanwhile
    if (door.ok) doors.set(project_id, Promise.resolve(door));
  }
  // who was signed out meanwhile is not let in, and as little told
  if (door.ok && whoIsIn() === "in") return door;
  return before ? { hollow: true, exists: door.exists } : null;
}

async function arrive(project_id) {
  const mine = ++turn;
  await hello;
  const door = await knock(project_id);
  // B leaves a project that it was about to enter when another is asked for (recording)
  return isB && mine !== turn ? { ok: false, left: true, exists: true } : door;
}

async function knock(project_id) {
  // only A's kiosk page starts a project by itself
  const answer = await ask("project", { project_id, start: !isB && kiosk });
  return whoIsIn() === "in" ? answer : { ...answer, ok: false };
}
