// Owns what the tests share: an engine with a clock in hand, and messages to feed it.

import wire from "../../tests/fixtures/wire.json";
import type { Effect, Event } from "../book";
import { createEngine } from "../engine";
import type { Command, Deadlines, FileRef, Reply } from "../protocol";

export const limits: Deadlines = wire.to_page.welcome.deadlines;
export const P1 = "aaaaaaaa-0000-4000-8000-000000000001";
export const P2 = "aaaaaaaa-0000-4000-8000-000000000002";

export const file = (path: string, project_id = P1): FileRef => ({
  project_id,
  path,
  url: `https://cocalc.test/projects/${project_id}/files/${path}?fullscreen=default&session=`,
});
export const open = (seq: number, path: string, project_id = P1): Command => ({
  type: "command",
  seq,
  action: "open",
  ...file(path, project_id),
});
export const closeall = (seq: number): Command => ({ type: "command", seq, action: "closeall" });
export const status = (seq: number): Command => ({ type: "command", seq, action: "status" });

export const about = (state: Reply["status"], path: string, project_id = P1): Reply => ({
  status: state,
  action: "open",
  path,
  project_id,
});
export const closed: Reply = { status: "done", mesg: "all files are closed" };
export const failed = (mesg: string): Reply => ({ status: "error", mesg });
export const listing = (open_files: Record<string, string[]>): Reply => ({
  status: "done",
  connection: { quality: "good", status: "connected" },
  open_files,
});

/** An engine, its clock, and all that it did. */
export const bench = (wanted: FileRef[] = []) => {
  const engine = createEngine(limits, wanted);
  const posts: unknown[] = [];
  const results: Record<number, string[]> = {};
  const ends: Record<number, NonNullable<Effect["outcome"]>["op"]> = {};
  const late: Reply[] = [];
  const self = {
    now: 1,
    engine,
    posts,
    results,
    ends,
    late,
    step(event: Event = {}) {
      for (const effect of engine.step(event, self.now)) {
        if (effect.post) posts.push(effect.post);
        if (effect.late) late.push(effect.late);
        for (const seq of effect.outcome?.seqs ?? []) {
          const { state, op } = effect.outcome as NonNullable<Effect["outcome"]>;
          results[seq] = [...(results[seq] ?? []), state];
          if (state !== "sent" && state !== "ack") ends[seq] = { ...op };
        }
      }
      return self;
    },
    give: (...commands: Command[]) => {
      for (const command of commands) self.step({ command });
      return self;
    },
    hear: (...replies: Reply[]) => {
      for (const heard of replies) self.step({ heard });
      return self;
    },
    wait(ms: number) {
      self.now += ms;
      return self.step();
    },
    /** What was posted since the last look. */
    posted: () => posts.splice(0).map((post) => `${Object.values(post as object).join(" ")}`),
  };
  self.step({ frame: true });
  return self;
};
export const readyBench = (wanted: FileRef[] = []) => bench(wanted).step({ ready: true });
