// Owns what the kernel hears about commands and the state of things, and the status line.

import type { Book, Op } from "./book";
import {
  type ChannelName,
  DONE,
  type Final,
  MESSAGES,
  type Mood,
  OPEN,
  type Reply,
  type Result,
  type State,
  type Step,
} from "./protocol";

/** All that can be said about how things are. */
export interface Scene {
  site: string; // CoCalc's host
  channel: ChannelName;
  mood: Mood; // what the kernel says about it
  words: string;
  shown: boolean; // the frame, or the tab, has loaded
  view: boolean; // some cell shows the widget
  offscreen: boolean; // the frame is out of view
  popup: boolean; // the browser did not let us open the tab
  ready: boolean;
  everReady: boolean;
  era: number; // the generation
  loads: number; // of the URL that was set last
  link: NonNullable<Reply["connection"]>; // as CoCalc told it last
}

/** The result that the kernel gets for the command `seq`. */
export const toResult = (seq: number, op: Op, state: Step | Final): Result => {
  const { found, opened, answer: reply, posted, stage } = op;
  return {
    type: "result",
    seq,
    state,
    ...(state === "timeout" && { at: stage }),
    ...(reply && { reply }),
    ...(state === DONE &&
      op.action === OPEN && {
        listed: found ?? null,
        posted: posted as number,
        ...(opened && { opened_as: opened }),
      }),
  };
};

/** The report of how things are, that the kernel mirrors into its traits. */
export const toState = (scene: Scene, { ops, files }: Book): State => {
  const { channel, everReady, ready, era, loads, shown, view, offscreen, link } = scene;
  return {
    type: "state",
    channel: channel === MESSAGES && !everReady ? "booting" : channel,
    ready: ready && channel !== "closed",
    pending: ops.flatMap((op) => op.seqs).length,
    generation: era,
    loads: shown ? loads : 0,
    view,
    offscreen,
    connection: link,
    open_files: files,
  };
};

/** The status line. */
export const sayScene = ({
  channel,
  mood,
  words,
  popup,
  ready,
  everReady,
  site,
}: Scene): [Mood, string] => {
  if (channel === "closed") return ["bad", "Closed. Run the cell again."];
  if (popup) return ["warn", "The browser blocked the tab: press the button."];
  if (words) return [mood, words];
  if (channel === MESSAGES && !ready) {
    return ["wait", everReady ? "Reconnecting …" : `Starting ${site} …`];
  }
  return ["good", site];
};
