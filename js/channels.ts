// Owns what stands in the frame or the tab, and who talks to it: CoCalc's listener by messages, or
// nobody, where the kernel steers by URLs. The kernel chooses the channel; the page obeys.

import type { Op } from "./book";
import { createBridge } from "./bridge";
import { createEngine } from "./engine";
import {
  type Command,
  DONE,
  type Final,
  MESSAGES,
  NAVIGATION,
  type State,
  type Step,
  TAB,
  type ToKernel,
  type ToPage,
  type Welcome,
} from "./protocol";
import { type Scene, toResult, toState } from "./report";

const TOKEN_WAIT = 8000; // ms; the kernel may be busy; a token that comes later is used then
const SETTLE = 3000; // for the page that redirects after a sign-in, on its way to the app
const SIGN_IN = 20_000; // for CoCalc to start, to take the token, and to load itself again

/** One conversation with CoCalc, from the kernel's welcome to its bye. */
export const createSession = (
  welcome: Welcome,
  send: (message: ToKernel) => void,
  changed: () => void,
) => {
  const { origin, home } = welcome;
  const deadlines = { ...welcome.deadlines };
  const engine = createEngine(deadlines, welcome.desired);
  const life = new AbortController();
  const name = `cocalc-${Math.random()}`; // of the tab
  let {
    channel,
    place,
    token: promised,
  }: Omit<Welcome, "channel"> & Pick<State, "channel"> = welcome;
  let newest = 0; // seq; the kernel repeats commands when it repeats its welcome
  let frame: HTMLIFrameElement | undefined;
  let shown = false; // the frame, or the tab, has loaded
  let viewed = false; // some cell shows the widget
  let offscreen = false;
  let popup = false; // the browser did not let us open the tab
  let secret = ""; // a sign-in URL that waits for the tab
  let signing = 0; // seq of the sign-in under way; meanwhile the frame is not to be moved
  let held = false; // likewise: a token was promised
  let due = false; // the tab waits for it, too
  let then = ""; // where to go after that
  let mood: Scene["mood"] = "wait";
  let words = ""; // the kernel's, for the status line
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silent = false;

  const finish = (op: Op, state: Step | Final, seqs: number[]) => {
    for (const seq of seqs) send(toResult(seq, op, state));
  };
  const event = (name: string, detail: object = {}) => send({ type: "event", name, detail });

  const bridge = createBridge(
    origin,
    deadlines,
    engine,
    ({ outcome, late, unanswered }) => {
      if (outcome) finish(outcome.op, outcome.state, outcome.seqs);
      if (late) event("late-reply", late);
      if (unanswered) event("unanswered", { project_id: unanswered.project_id });
    },
    (log) => send({ type: "log", ...log, generation: bridge.facts().era }),
    () => {
      const { dumb, tried, loads } = bridge.facts();
      // An error page is silent, too: the kernel knows better whether CoCalc is there.
      if (dumb !== silent) event(dumb ? "silent" : "heard");
      silent = dumb;
      if (tried && signing && loads < 2) signed(false);
      changed();
    },
    life.signal,
  );

  const scene = (): Scene => ({
    ...bridge.facts(),
    site: origin.split("//")[1] as string,
    channel,
    mood,
    words,
    shown,
    view: viewed,
    offscreen,
    popup,
  });

  const go = (url: string, clean?: string) => {
    clearTimeout(timer);
    shown = silent = false;
    bridge.go(url, channel === MESSAGES, clean);
  };

  /** Show a URL in the tab, if the browser lets us. */
  const visit = () => {
    popup = !window.open(secret || place, name);
    event(popup ? "popup" : "visited");
    if (popup) return;
    shown = true;
    if (secret) timer = setTimeout(() => window.open(place, name), SETTLE);
    secret = "";
  };

  /** The tab need not wait for its token any more. */
  const free = () => {
    held = false;
    if (due) visit();
    due = false;
  };

  /** The sign-in is over, if there was one; then the frame may move. */
  const leave = (url: string) => {
    signing = 0;
    held = false;
    if (url) go(url);
    changed();
  };

  /** CoCalc has taken the token, or it has not. */
  const signed = (taken: boolean) => {
    if (!signing) return;
    send({ type: "result", seq: signing, state: taken ? DONE : "error" });
    clearTimeout(timer);
    leave(channel === MESSAGES ? then : place);
  };

  // A frame out of view is throttled by the browser: CoCalc gets no further than "connecting".
  const sight =
    typeof IntersectionObserver === "undefined"
      ? undefined
      : new IntersectionObserver((entries) => {
          offscreen = !entries.at(-1)?.isIntersecting;
          changed();
        });

  return {
    command(command: Command) {
      if (command.seq <= newest) return;
      newest = command.seq;
      bridge.run({ command });
    },
    /** Whether this welcome, too, would have led here; from now on its deadlines count. */
    suits(other: Welcome) {
      Object.assign(deadlines, other.deadlines);
      return other.channel === channel && (channel === MESSAGES || other.place === place);
    },
    drop: (seq: number) => bridge.run({ cancel: seq }),
    /** The kernel has a token for us. */
    offer() {
      if (frame) send({ type: "want-token" });
      else promised = true;
    },
    /** Sign in by this URL; then, if anywhere, go to `next`. */
    sign({ seq, url, then: next }: Extract<ToPage, { type: "token" }>) {
      if (!frame) {
        secret = url;
        free();
      } else {
        signing = seq || -1;
        then = next;
        go(url, home);
        timer = setTimeout(signed, SIGN_IN, false);
      }
    },
    /** Show a URL: in the frame, which nobody talks to from now on, or in the tab. */
    steer(url: string) {
      place = url;
      if (channel === TAB) {
        if (held) due = true;
        else visit();
      } else {
        if (channel === MESSAGES) engine.clear();
        channel = NAVIGATION;
        if (frame && !signing && !held) go(url);
      }
      changed();
    },
    /** Load CoCalc anew: it has fallen silent, and can be reached again. */
    reload: () => go(channel === MESSAGES ? home : place),
    /** What the kernel has to say in the status line; "" for nothing. */
    say(message: Extract<ToPage, { type: "say" }>) {
      ({ mood, words } = message);
      if (message.more) bridge.run({ more: true });
      changed();
    },
    /** The button for the tab was pressed. */
    press() {
      visit();
      changed();
    },
    /** `seen`: some cell shows the widget; in `next`, unless there is nothing to frame. */
    attach(seen: boolean, next?: HTMLIFrameElement) {
      viewed = seen;
      if (frame) sight?.unobserve(frame);
      frame = next;
      shown = offscreen = silent = false;
      clearTimeout(timer);
      bridge.attach(frame);
      if (!frame && channel !== TAB) return;
      held = promised;
      if (!frame) timer = setTimeout(free, TOKEN_WAIT);
      else {
        sight?.observe(frame);
        const first = () => leave(channel === MESSAGES ? home : place);
        if (promised) timer = setTimeout(first, TOKEN_WAIT);
        else first();
      }
      if (promised) send({ type: "want-token" });
      promised = false;
    },
    loaded() {
      if (!frame?.src) return;
      const loads = bridge.loaded();
      shown = true;
      if (signing && loads > 1) signed(true);
      else if (signing && then) {
        clearTimeout(timer);
        timer = setTimeout(signed, SETTLE, true); // the kernel has asked whether it is taken
      }
      changed();
    },
    end() {
      clearTimeout(timer);
      sight?.disconnect();
      bridge.attach();
      bridge.run({ end: true });
      life.abort();
      channel = "closed";
    },
    scene,
    /** What "open in new tab" opens. Never a sign-in URL. */
    address: () => (channel === MESSAGES && engine.book.wanted.at(-1)?.url) || place,
    /** Whether any command is under way. */
    waits: () => engine.book.ops.some((op) => op.seqs[0]),
    report: (): State => toState(scene(), engine.book),
  };
};

export type Session = ReturnType<typeof createSession>;
