// Owns the wiring: `initialize` has the conversation with the kernel, `render` the views.

import type { InitializeProps, RenderProps } from "@anywidget/types";
import { createSession, type Session } from "./channels";
import {
  type Early,
  MESSAGES,
  NAVIGATION,
  PROTOCOL,
  type Result,
  TAB,
  type ToKernel,
  type ToPage,
  type Welcome,
} from "./protocol";
import { sayScene } from "./report";
import { createView, type View } from "./view";

const STEP = 10; // ms; and so long may a state wait
const CALM = 60; // ms between two messages while commands are under way: each costs the kernel some
const BURST = 3; // so many in a row, and what nobody waits for keeps calm anyway
const FIRST_HELLO = 250;
const SLOWEST_HELLO = 2000;
const PATIENCE = 6; // unanswered hellos (some 7 s), then the user is told
const ENOUGH = 30; // hellos (some 50 s)
const FRESH = 3000; // ms: what is older comes from a notebook that was saved

/** What JupyterLab's manager of widgets has, and others need not have. */
type Manager = { kernel?: { disposed?: { connect(slot: () => void): void } } } | undefined;

// A factory, called once per model: hosts hand each hook a model object of its own, and some
// share one module among all widgets, so neither could tie a view to its conversation.
export default () => {
  let session: Session | undefined;
  let views: View[] = []; // the first one is live
  let live: View | undefined; // the one that has been given what to show
  let say = () => {}; // the status line of every view
  let write = (_words: string) => {}; // the same in the place of the frame, where there is none

  /** Give every view what it shows; `anew` also where nothing has moved. */
  const place = (anew = false) => {
    const [first, ...others] = views;
    for (const view of others) {
      const tell = view.put("", "Move it here", () => {
        views = [view, ...views.filter((other) => other !== view)];
        place();
      });
      // Which of two comes first is not known before both are in the document.
      const where = () => {
        if (!views.includes(view) || !first) return;
        if (!view.root.isConnected || !first.root.isConnected) return requestAnimationFrame(where);
        const below = first.root.compareDocumentPosition(view.root) & 4;
        return tell(`Shown ${below ? "above" : "below"}.`);
      };
      where();
    }
    if (first === live && !anew) return;
    live = first;
    write = () => {};
    session?.attach(!!live);
    if (!session || !live) return;
    const scene = session.scene();
    const { channel } = scene;
    if (channel === MESSAGES || channel === NAVIGATION) {
      const frame = live.frame();
      frame.onload = session.loaded;
      session.attach(true, frame);
    } else write = live.put("", channel === TAB ? "Open it" : "", session.press);
    say();
  };

  return {
    initialize({ model, signal }: InitializeProps) {
      let over = false;
      let lost = false; // the kernel does not answer
      let met = false; // the kernel has answered; until then it is told nothing but hello
      let last = "";
      const outbox = new Map<unknown, ToKernel>(); // of a command only its latest word
      let due: ReturnType<typeof setTimeout> | undefined; // the next flush
      let soon = Infinity; // when that is
      let sent = 0; // when the last one was
      let row = 0; // how many have come right after another
      let timer: ReturnType<typeof setTimeout> | undefined;

      const post = (message: ToKernel) => {
        try {
          model.send(message);
        } catch {
          // The comm is gone, and with it whoever would care.
        }
      };
      say = () => {
        for (const view of views) {
          if (lost) view.say("bad", "The kernel is busy or gone: run the cell again.");
          else if (session) view.say(...sayScene(session.scene()), session.address());
        }
        if (session) write(sayScene(session.scene())[1]);
      };
      // What happens in one moment makes one message, and so does what follows while commands are
      // under way. A state goes before the results, so that who awaits a result finds the traits
      // up to date.
      const flush = () => {
        clearTimeout(due);
        soon = Infinity;
        if (!session || !met) return;
        const messages = [...outbox.values()];
        outbox.clear();
        const state = session.report();
        // How long CoCalc's own ping takes changes all the time, and is no news.
        const json = JSON.stringify(state, (name, value) => (name === "ping" ? 0 : value));
        if (json !== last) messages.unshift(state);
        last = json;
        const [first, more] = messages;
        if (first) {
          post(more ? { type: "batch", messages } : first);
          const at = performance.now();
          row = at - sent < 2 * CALM ? row + 1 : 0;
          sent = at;
        }
        say();
      };
      const send = (message?: ToKernel) => {
        const key = (message as Result | undefined)?.seq ?? message;
        outbox.delete(key); // the order is that of the latest words
        if (message) outbox.set(key, message);
        // A step on the way can wait: often the end comes at once, and one message is enough.
        const step =
          !message || message.type === "log" || /sent|ack/.test((message as Result).state);
        const busy = session?.waits() || (step && row >= BURST);
        const calm = busy ? sent + CALM - performance.now() : 0;
        const wait = Math.max(step ? STEP : 0, calm);
        const at = performance.now() + wait;
        if (at >= soon) return;
        clearTimeout(due);
        soon = at;
        if (wait > 0) due = setTimeout(flush, wait);
        else queueMicrotask(flush);
      };

      const hello = (tries = 0) => {
        clearTimeout(timer);
        const { ancestorOrigins } = location; // Firefox has none
        const ancestors = ancestorOrigins ? [...ancestorOrigins] : self === top ? [] : null;
        post({ type: "hello", protocol: PROTOCOL, page: self.origin, ancestors });
        lost = tries > PATIENCE;
        say();
        const wait = Math.min(FIRST_HELLO * 1.5 ** tries, SLOWEST_HELLO);
        // What was sent until then waits in a busy kernel's queue.
        if (tries < ENOUGH && !over) timer = setTimeout(hello, wait, tries + 1);
      };
      const end = () => {
        over = true;
        clearTimeout(timer);
        session?.end();
        place(true);
        flush();
        session = undefined;
      };

      const begin = (message: Welcome) => {
        session = createSession(message, send, send);
        place(true);
      };

      const hear = (message?: ToPage) => {
        if (over || !message) return; // later versions may have other types
        if (message.type === "welcome") {
          clearTimeout(timer);
          lost = false;
          // What was begun early goes on, unless the kernel has chosen otherwise.
          if (!met && session && !session.suits(message)) {
            session.end();
            outbox.clear();
            session = undefined;
          }
          met = true;
          send();
          if (session) return message.token && session.offer();
          begin(message);
        } else if (message.type === "command") session?.command(message);
        else if (message.type === "cancel") session?.drop(message.seq);
        else if (message.type === "token") session?.sign(message);
        else if (message.type === "steer") session?.steer(message.url);
        else if (message.type === "reload") session?.reload();
        else if (message.type === "say") session?.say(message);
        else if (message.type === "batch") for (const each of message.messages) hear(each);
        else if (message.type === "bye") end();
      };
      model.on("msg:custom", (message?: ToPage) => hear(message));
      // JupyterLab's word for a kernel that has gone, or come back.
      model.on("comm_live_update", () => hello());
      // And for one that was shut down; its manager tells more than its type.
      (model.widget_manager as unknown as Manager)?.kernel?.disposed?.connect(() => hello());
      signal.addEventListener("abort", end);
      // What the kernel is likely to say, so that CoCalc need not wait for the way there and back.
      const early: Early | undefined = model.get("early");
      if (early?.at && Math.abs(Date.now() - early.at) < FRESH) {
        const plain = location.protocol !== "https:" || location.port; // never answered
        begin({ ...early, channel: early.channel || (plain ? NAVIGATION : MESSAGES) });
      }
      hello();
    },

    render({ model, el, signal }: RenderProps) {
      const view = createView(el, model.get("sandbox"));
      const resize = () => {
        view.root.style.height = model.get("height");
      };
      resize();
      model.on("change:height", resize);
      view.say("wait", "Waiting for the kernel …");
      views.push(view);
      place();
      say();
      signal.addEventListener("abort", () => {
        views = views.filter((other) => other !== view);
        place();
      });
    },
  };
};
