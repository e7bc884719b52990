// Owns a small stage for page tests: a mock kernel, a mock CoCalc in the frame, and a hand on time.

import { vi } from "vitest";
import wire from "../../tests/fixtures/wire.json";
import type { Log, Result, State, Welcome } from "../protocol";
import widget from "../widget";

export const ORIGIN = wire.to_page.welcome.origin;
export const welcome = { ...wire.to_page.welcome, desired: [] } as unknown as Welcome;

let lines = 0;

/** What stands in the frame: CoCalc's listener as far as these tests need it. */
export class Kiosk {
  listening = true;
  connected = "connected";
  mute = false; // says nothing to an open
  stuck = false; // never finishes one
  whispers = true; // tells what it has opened, to any page
  files: Record<string, string[]> = {};
  heard: Record<string, string>[] = [];
  targets = new Set<string>();
  visited: string[] = []; // what was loaded without a trace in the DOM
  location = {
    get href(): string {
      throw new DOMException("cross-origin", "SecurityError");
    },
    replace: (url: string) => this.visited.push(url),
  };
  postMessage = (data: Record<string, string>, target: string) => {
    this.targets.add(target);
    if (!this.listening) return;
    this.heard.push(data);
    const { action, project_id = "", path = "" } = data;
    if (action === "status") {
      const connection = { quality: "good", status: this.connected };
      this.say({ status: "done", connection, open_files: structuredClone(this.files) });
    } else if (action === "closeall") {
      this.files = {};
      this.say({ status: "done", mesg: "all files are closed" });
    } else if (!this.mute) {
      this.say({ status: "ack", action, project_id, path });
      if (this.stuck) return;
      this.files[project_id] = [...(this.files[project_id] ?? []), path];
      this.say({ status: "done", action, project_id, path });
      if (this.whispers) this.whisper(project_id, path);
    }
  };
  /** CoCalc's own line about a file it has opened; its id. */
  whisper(project_id: string, filename: string) {
    const event = { event: "open", action: "open", filename };
    const line = { event, project_id, id: `line-${++lines}`, time: "2026-11-25T22:19:45.343Z" };
    this.say({ source: "cocalc-project-log", payload: { project_log: line } });
    return line.id;
  }
  say(data: unknown, origin = ORIGIN, source: unknown = this) {
    setTimeout(() => {
      const event = new MessageEvent("message", { data, origin });
      Object.defineProperty(event, "source", { value: source });
      window.dispatchEvent(event);
    }, 1);
  }
}

const lives: AbortController[] = [];
/** The end of all that stood on a stage: the next one's messages are not theirs. */
export const clearStages = () => {
  for (const life of lives.splice(0)) life.abort();
};

type Sent = { type: string; name?: string } & Partial<
  Omit<Result, "type"> & Omit<State, "type"> & Omit<Log, "name">
>;

/** One model with its views. */
export const setStage = (kiosk = new Kiosk(), more: Record<string, string> = {}) => {
  const traits: Record<string, string> = { height: "400px", ...more };
  const posts: Sent[] = []; // as they came
  const sent: Sent[] = []; // taken apart
  const subscribers: [string, (message?: unknown) => void][] = [];
  const life = new AbortController();
  lives.push(life);
  const model = {
    get: (name: string) => traits[name],
    send: (message: Sent & { messages?: Sent[] }) => {
      posts.push(structuredClone(message));
      sent.push(...structuredClone(message.messages ?? [message]));
    },
    on: (name: string, f: (message?: unknown) => void) => subscribers.push([name, f]),
  };
  const emit = (name: string, message?: unknown) => {
    for (const [other, f] of subscribers) if (other === name) f(message);
  };
  const { initialize, render } = widget();
  initialize({ model, signal: life.signal } as never);
  const stage = {
    kiosk,
    posts,
    sent,
    life,
    emit,
    tell: (message: unknown) => emit("msg:custom", message),
    view() {
      const el = document.createElement("div");
      document.body.append(el);
      const closing = new AbortController();
      render({ model, el, signal: closing.signal } as never);
      const close = () => {
        closing.abort();
        el.remove();
      };
      return { el, close };
    },
    frame: () => document.querySelector("iframe") as HTMLIFrameElement,
    load: () => stage.frame().dispatchEvent(new Event("load")),
    wait: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    told: () => sent.filter((m) => m.type === "event" || m.type === "log").map((m) => m.name),
    states: () => sent.filter((m) => m.type === "state"),
    state: () => stage.states().at(-1) as Sent,
    of: (seq: number) => sent.filter((m) => m.type === "result" && m.seq === seq),
    end: (seq: number) => stage.of(seq).at(-1) as Sent,
    line: () => document.querySelector("[role=status]")?.textContent ?? "",
    /** Welcome, a view, a loaded frame, and CoCalc ready. */
    async start(more: Partial<Welcome> = {}) {
      const view = stage.view();
      stage.tell({ ...welcome, ...more });
      await stage.wait(1);
      if (stage.frame()?.src) stage.load();
      await stage.wait(1000);
      return view;
    },
  };
  // The mock DOM loads no frames, and complains about it each time: as it should be.
  const write = process.stderr.write.bind(process.stderr);
  vi.spyOn(process.stderr, "write").mockImplementation(
    ((chunk: string) => String(chunk).includes("Iframe page loading") || write(chunk)) as never,
  );
  const contentWindow = vi.spyOn(HTMLIFrameElement.prototype, "contentWindow", "get");
  contentWindow.mockImplementation(() => kiosk as never);
  return stage;
};
