// Owns how commands reach CoCalc: messages | navigation | tab | blocked, and the way down and up.

import type { Op } from "./book";
import { createBridge, now } from "./bridge";
import { createEngine } from "./engine";
import {
  BLOCKED,
  type Command,
  DONE,
  type FileRef,
  type Final,
  MESSAGES,
  NAVIGATION,
  STATUS,
  type State,
  type Step,
  TAB,
  type ToKernel,
  type Welcome,
} from "./protocol";
import { toState } from "./report";
import { type Scene, toResult } from "./texts";

const TOKEN_WAIT = 8000; // the kernel may be busy; a token that comes later is used then
const SETTLE = 3000; // for the page that redirects after a sign-in, on its way to the app

/** One conversation with CoCalc, from the kernel's welcome to its bye. */
export const createSession = (
  welcome: Welcome,
  send: (message: ToKernel) => void,
  changed: () => void,
) => {
  const { origin, home, deadlines, desired, words, channel: verdict } = welcome;
  const engine = createEngine(deadlines, desired);
  const life = new AbortController();
  const name = `cocalc-${Math.random()}`; // of the tab
  let newest = 0; // seq; the kernel repeats commands when it repeats its welcome
  let channel: State["channel"] = verdict;
  let { reason, token: promised } = welcome;
  let frame: HTMLIFrameElement | undefined;
  let current: Partial<FileRef> = desired.at(-1) ?? {}; // what navigation or the tab shows
  let shown = false; // it does show it
  let popup = false; // the browser did not let us
  let secret = ""; // a sign-in URL that waits for the tab
  let signing = false; // by token; meanwhile the frame is not to be moved
  let then = ""; // where to go after that
  let timer: ReturnType<typeof setTimeout> | undefined;

  const finish = (op: Op, state: Step | Final, seqs: number[]) => {
    for (const seq of seqs) send(toResult(seq, op, state, scene(), deadlines));
  };

  const bridge = createBridge(
    origin,
    deadlines,
    engine,
    verdict === MESSAGES,
    ({ outcome, late }) => {
      if (outcome) finish(outcome.op, outcome.state, outcome.seqs);
      if (late) send({ type: "event", name: "late-reply", detail: late });
    },
    () => {
      const { ready, unheard } = bridge.facts();
      if (channel === MESSAGES && unheard) {
        channel = NAVIGATION;
        reason = words.silent;
        flush();
      } else if (channel === NAVIGATION && channel !== verdict && ready) {
        channel = MESSAGES; // it was only slow
        reason = "";
      }
      changed();
    },
    life.signal,
  );

  const scene = (): Scene => {
    const facts = bridge.facts();
    return {
      ...facts,
      site: origin,
      way: channel,
      cause: facts.mute ? words.signed_out : reason,
      shown: !!frame,
      popup,
    };
  };

  const go = (url: string, clean?: string) => {
    clearTimeout(timer);
    bridge.go(url, clean);
  };

  /** Show a URL in the tab, if the browser lets us. */
  const visit = (url: string) => {
    popup = !window.open(secret || url, name);
    if (popup) return;
    shown = true;
    if (secret) timer = setTimeout(() => window.open(url, name), SETTLE);
    secret = "";
  };

  /** Where messages do not work: take what waits, and do what can be done without them. */
  const flush = () => {
    const last = engine.book.ops.findLast((op) => op.action !== STATUS);
    if (channel === MESSAGES || (channel === NAVIGATION && (!frame || signing))) return;
    if (last && channel !== BLOCKED) {
      const url = last.url ?? home;
      if (channel === NAVIGATION) go(url);
      else if (last.url || shown) visit(url);
      if (popup) return; // waits for the button
      current = last;
    }
    for (const { outcome } of engine.step({ end: true }, now())) {
      if (!outcome) continue;
      const { op, seqs } = outcome;
      finish(op, channel === BLOCKED || op.action === STATUS ? BLOCKED : DONE, seqs);
    }
  };

  /** The sign-in is over, if there was one: on to `url`, if any, and to what was held up. */
  const leave = (url: string) => {
    signing = false;
    if (url) go(url);
    flush();
  };

  return {
    command(command: Command) {
      if (command.seq <= newest) return;
      newest = command.seq;
      bridge.run({ command });
      flush();
      changed();
    },
    drop: (seq: number) => bridge.run({ cancel: seq }),
    /** The kernel has a token for us. */
    offer() {
      if (frame) send({ type: "want-token" });
      else promised = true;
    },
    /** Sign in by this URL; then, if anywhere, go to `next`. */
    sign(url: string, next: string) {
      if (!frame) secret = url;
      else {
        signing = true;
        then = next;
        go(url, home);
      }
    },
    /** The button for the tab was pressed. */
    press() {
      visit(current.url ?? home);
      if (!popup) flush();
      changed();
    },
    attach(next?: HTMLIFrameElement) {
      frame = next;
      shown = false;
      clearTimeout(timer);
      bridge.attach(frame);
      if (!frame && channel !== TAB) return;
      signing = promised;
      const first = (channel === NAVIGATION && current.url) || home;
      if (frame) timer = setTimeout(leave, promised ? TOKEN_WAIT : 0, first);
      if (promised) send({ type: "want-token" });
      promised = false;
      flush();
    },
    loaded() {
      if (!frame?.src) return;
      const loads = bridge.loaded();
      shown = true;
      clearTimeout(timer);
      if (signing) timer = setTimeout(leave, loads > 1 ? 0 : SETTLE, then);
      changed();
    },
    end() {
      clearTimeout(timer);
      bridge.attach();
      bridge.run({ end: true });
      life.abort();
      channel = "closed";
    },
    scene,
    /** What "open in new tab" opens. Never a sign-in URL. */
    address: () => (channel === MESSAGES ? engine.book.wanted.at(-1) : current)?.url ?? home,
    report: () => toState(scene(), engine.book, shown ? current : undefined),
  };
};

export type Session = ReturnType<typeof createSession>;
