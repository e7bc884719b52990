// Owns every sentence the page says, to the kernel and to the person in front of it.

import type { Op } from "./book";
import {
  BLOCKED,
  type ChannelName,
  type Deadlines,
  DONE,
  type Final,
  MESSAGES,
  OPEN,
  type Reply,
  type Result,
  STATUS,
  type Step,
} from "./protocol";

/** All that can be said about how things are. */
export interface Scene {
  site: string; // CoCalc's origin
  way: ChannelName; // the channel
  cause: string; // why not messages, or why they do not help
  shown: boolean; // some view has a frame
  ready: boolean;
  everReady: boolean;
  era: number; // the generation
  mute: boolean; // CoCalc answers status, but not the open it was sent
  stuck: boolean; // an open was acked, and then nothing came
  popup: boolean; // the browser did not let us open the tab
  link: NonNullable<Reply["connection"]>; // as CoCalc told it last
}

const POPUP = "The browser blocked the tab: press the button.";

/** Why a command ended like this; "" where there is nothing to say. */
const sayEnd = (state: Step | Final, op: Op, scene: Scene, limits: Deadlines): string => {
  if (state === BLOCKED) return scene.cause;
  if (state !== "timeout") return "";
  const what = op.action === OPEN ? `the open of ${op.path}` : op.action;
  const limit = [limits.ready, op.action === STATUS ? limits.status : limits.ack, limits.done][
    op.stage
  ] as number;
  const cause = [
    scene.popup
      ? POPUP
      : scene.shown
        ? `CoCalc is not ready (${scene.link.status ?? "no answer"}).`
        : "the widget is not shown in a cell.",
    scene.mute && op.action === OPEN ? scene.cause : "no answer.",
    "it may be waiting for “start project”.",
  ][op.stage];
  const verb = ["send", "get an answer to", "finish"][op.stage];
  return `Could not ${verb} ${what} within ${limit / 1000} s: ${cause}`;
};

/** What there is to say about a finished open that is not simply there. */
const sayVerified = ({ found, opened, path }: Op): string => {
  if (opened) return `It opened as ${opened}.`;
  if (found) return "";
  if (found !== false) return "Nothing tells if it is open.";
  const cause = /\.(ipynb|sagews|term)$/.test(path as string)
    ? ""
    : "its extension is not supported, or ";
  return `It is not open: ${cause}the project did not start.`;
};

/** The result that the kernel gets for the command `seq`. */
export const toResult = (
  seq: number,
  op: Op,
  state: Step | Final,
  scene: Scene,
  limits: Deadlines,
): Result => {
  const mesg = sayEnd(state, op, scene, limits);
  const { found: verified = null, answer: reply } = op;
  return {
    type: "result",
    seq,
    state,
    ...(mesg && { mesg }),
    ...(reply && { reply }),
    ...(state === DONE && op.action === OPEN && { verified, why: sayVerified(op) }),
  };
};

export type Mood = "wait" | "good" | "warn" | "bad";

/** The status line. */
export const sayScene = (scene: Scene): [Mood, string] => {
  const { way, ready, link } = scene;
  const site = scene.site.split("//")[1] as string;
  if (way === "closed") return ["bad", "Closed. Run the cell again."];
  if (scene.popup) return ["warn", POPUP];
  if (way !== MESSAGES || scene.mute) return ["warn", scene.cause];
  if (!ready || link.status !== "connected") {
    return ["wait", scene.everReady ? "Reconnecting …" : `Starting ${site} …`];
  }
  if (scene.stuck) return ["wait", "Opening … press “start project” if CoCalc asks."];
  return ["good", site];
};
