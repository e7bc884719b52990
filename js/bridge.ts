// Owns the conversation with one frame: window messages, readiness, generations, and the one timer.
//
// A message counts if it comes from this very frame and from CoCalc's origin, both exactly.
// A generation is one document in the frame. It is ready when a status says "connected"; that an
// iframe has loaded says nothing, and before that whatever is posted is lost.

import { type Effect, type Event, Stage } from "./book";
import type { Engine } from "./engine";
import { type Deadlines, type Log, parseLog, parseReply, type Reply, STATUS } from "./protocol";

const FIRST_PROBE = 50; // the listener may be there as soon as the frame is
const NEXT_PROBE = 40; // it is there: CoCalc connects within half a second (recordings)
const SLOWEST_PROBE = 2000; // where CoCalc should have answered long ago
const PULSE = 5000; // between two looks while nothing happens: a server can go away unnoticed
const TRIAL = 4000; // how long CoCalc may take to reload itself after a sign-in by token
const PATIENCE = 3000; // un-acked or unfinished for so long: look closer
const FIRST_WORD = 8000; // the listener answers 1 to 7 s after the frame was made (recordings)
const WATCH = 500; // while anything is open, look so often whether it waits for too long

/** The clock of bridge and engine, in ms; never 0. */
export const now = () => performance.now() + 1;

export const createBridge = (
  origin: string,
  limits: Deadlines,
  engine: Engine,
  /** What is not the bridge's own business. */
  tell: (effect: Effect) => void,
  /** A line of the project's log. */
  learn: (log: Log) => void,
  /** Something that people or the kernel can see may have changed. */
  change: () => void,
  signal: AbortSignal,
) => {
  let frame: HTMLIFrameElement | undefined;
  let talks = false; // CoCalc listens to messages there; if not, nothing is posted
  let generation = 0;
  let loads = 0; // of the URL we set last
  let began = 0; // when this generation did
  let heard = false; // in this generation
  let ready = false;
  let everReady = false;
  let link: NonNullable<Reply["connection"]> = {};
  let asking = 0; // since when nothing was answered; 0: CoCalc talks
  let delay = 0;
  let probeAt = 0;
  let trial = 0; // CoCalc may reload itself until then; Infinity: as soon as it is connected
  let timer: ReturnType<typeof setTimeout> | undefined;
  const queue: Event[] = [];

  const since = (stage: Stage) =>
    engine.book.ops.find((op) => op.stage === stage && op.action !== STATUS)?.since ?? Infinity;
  const waits = (stage: Stage, ms: number) => now() - since(stage) >= ms;
  const probing = () => talks && !!frame;
  const calm = () => ready && !waits(Stage.Sent, PATIENCE);
  const quiet = (ms: number) => !!frame && !!asking && now() - asking >= ms;

  const post = (message: object) => {
    const there = frame?.isConnected && frame.contentWindow;
    if (!there) return;
    asking ||= now();
    try {
      // Nothing is there yet, and posting to it would be an error on the console.
      if (there.location.href === "about:blank") return;
    } catch {
      // Another origin's document, as it should be.
    }
    there.postMessage(message, origin);
  };

  const setReady = (value: boolean) => {
    if (ready === value) return;
    ready = value;
    everReady ||= value;
    delay = FIRST_PROBE;
    if (!ready) probeAt = now();
    queue.push({ ready });
  };

  const apply = (effect: Effect) => {
    if (effect.post) post(effect.post);
    if (!effect.seen) return tell(effect);
    link = effect.seen.connection ?? {};
    if (link.status !== "connected") return setReady(false);
    if (trial === Infinity) trial = now() + TRIAL;
    if (trial <= now()) setReady(true);
  };

  const run = (event: Event) => {
    if (queue.push(event) > 1) return;
    for (; queue[0]; queue.shift())
      for (const effect of engine.step(queue[0], now())) apply(effect);
    schedule();
    change();
  };

  const schedule = () => {
    clearTimeout(timer);
    const next = Math.min(
      engine.nextDeadline(),
      probing() ? probeAt : Infinity,
      talks && frame && (!ready || engine.book.ops[0]) ? now() + WATCH : Infinity,
    );
    if (next < Infinity) timer = setTimeout(tick, next - now() + 1);
  };

  const tick = () => {
    if (probing() && now() >= probeAt) {
      post({ action: STATUS });
      // A probe costs next to nothing, and each that comes late keeps a document waiting.
      const young = !ready && now() - began < 2 * FIRST_WORD;
      const quick = heard ? NEXT_PROBE : FIRST_PROBE;
      delay = calm() ? PULSE : young ? quick : Math.min(delay * 1.5, SLOWEST_PROBE);
      probeAt = now() + delay;
    }
    if (quiet(limits.status)) setReady(false);
    run(queue.pop() ?? {});
  };

  const begin = () => {
    heard = ready = false;
    link = {};
    asking = 0;
    delay = FIRST_PROBE;
    began = now();
    probeAt = began + delay;
    run({ frame: true });
  };

  window.addEventListener(
    "message",
    (event) => {
      if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
      const log = parseLog(event.data, now());
      if (log) learn(log);
      const reply = !log && talks && parseReply(event.data);
      if (!reply) return;
      heard = true;
      asking = 0;
      run({ heard: reply });
    },
    { signal },
  );

  return {
    run,
    /** Talk to another frame, or to none: then there is nothing to wait for. */
    attach(next?: HTMLIFrameElement) {
      frame = next;
      begin();
    },
    /**
     * Load a URL, where CoCalc `listens` or does not. With `clean` the URL signs in, then CoCalc
     * reloads itself: only `clean` stays in the DOM.
     */
    go(url: string, listens: boolean, clean?: string) {
      if (!frame) return;
      talks = listens;
      loads = 0;
      trial = clean ? Infinity : 0;
      generation++;
      frame.src = clean ?? url;
      if (clean) frame.contentWindow?.location.replace(url);
      begin();
    },
    /** The frame has loaded; returns how often since `go`. */
    loaded() {
      if (loads++) trial = 0;
      // Whatever was heard before came from the document that is gone now.
      if (loads > 1 || heard) {
        generation++;
        begin();
      }
      return loads;
    },
    facts: () => ({
      era: generation,
      ready,
      everReady,
      link,
      loads,
      dumb: talks && quiet(everReady ? limits.status : FIRST_WORD),
      tried: trial > 0 && trial <= now(), // signed in by token, and nothing came of it
    }),
  };
};
