// The wire of tests/fixtures/wire.json is what protocol.ts speaks, and replies are read with care.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import wire from "../../tests/fixtures/wire.json";
import { PROTOCOL, parseReply, type ToKernel } from "../protocol";
import { type Scene, toResult } from "../texts";
import {
  about,
  bench,
  closeall,
  failed,
  limits,
  listing,
  open,
  P1,
  readyBench,
  status,
} from "./helpers";

const scene: Scene = {
  site: "https://cocalc.test",
  way: "messages",
  cause: "CoCalc ignores messages from http://localhost:8888.",
  shown: true,
  ready: true,
  everReady: true,
  era: 1,
  mute: false,
  stuck: false,
  popup: false,
  link: {},
};
const shape = (message: object) => Object.keys(message).sort();

test("both sides speak the same protocol", () => expect(PROTOCOL).toBe(wire.protocol));

describe("results have the keys of the fixture", () => {
  const results = wire.to_kernel;
  const ended = (b: ReturnType<typeof bench>, seq: number) =>
    toResult(seq, b.ends[seq] as never, b.results[seq]?.at(-1) as never, scene, limits);
  const done = () =>
    readyBench().give(open(1, "a.md")).hear(about("ack", "a.md"), about("done", "a.md"));

  test("sent, ack", () => {
    const [op] = readyBench().give(open(1, "a.md")).engine.book.ops;
    expect(toResult(1, op as never, "sent", scene, limits)).toEqual(results["result.sent"]);
    expect(toResult(1, op as never, "ack", scene, limits)).toEqual(results["result.ack"]);
  });
  test("done", () => {
    const b = done().hear(listing({ [P1]: ["a.md"] }));
    expect(ended(b, 1)).toEqual(results["result.done"]);
  });
  test("status", () => {
    const b = readyBench()
      .give(status(3))
      .hear(results["result.status"].reply as never);
    expect(ended(b, 3)).toEqual(results["result.status"]);
  });
  test("error", () => {
    const b = readyBench().give(open(1, "a.md")).hear(failed("invalid project_id='nope'"));
    expect(ended(b, 1)).toEqual(results["result.error"]);
  });
  test("timeout, cancelled, blocked", () => {
    const timeout = readyBench().give(open(1, "a.md")).wait(limits.ack);
    expect(shape(ended(timeout, 1))).toEqual(shape(results["result.timeout"]));
    expect(ended(timeout, 1).mesg).toContain("a.md within 30 s");
    const [op] = readyBench().give(status(1)).engine.book.ops;
    expect(toResult(1, op as never, "blocked", scene, limits)).toEqual(results["result.blocked"]);
    const end = readyBench().give(open(1, "a.md")).step({ end: true });
    expect(shape(ended(end, 1))).toEqual(shape(results["result.cancelled"]));
  });
  test("what the kernel gets are these types and no others", () => {
    const types: ToKernel["type"][] = ["hello", "want-token", "event", "result", "state"];
    expect(new Set(Object.values(results).map((m) => m.type))).toEqual(new Set(types));
  });
});

describe("the words for an end", () => {
  const say = (b: ReturnType<typeof bench>, seq: number, more: Partial<Scene> = {}) =>
    toResult(
      seq,
      b.ends[seq] as never,
      b.results[seq]?.at(-1) as never,
      { ...scene, ...more },
      limits,
    );
  const late = () => readyBench().give(open(1, "a.md")).wait(limits.ack);
  test.each([
    ["silence", say(late(), 1, { ready: false }), /within 30 s: no answer/],
    ["signed out", say(late(), 1, { mute: true }), /ignores messages/],
    [
      "not shown",
      say(bench().give(open(1, "a")).wait(limits.ready), 1, { shown: false }),
      /not shown/,
    ],
    [
      "popup",
      say(bench().give(open(1, "a")).wait(limits.ready), 1, { popup: true }),
      /press the button/,
    ],
    ["not ready", say(bench().give(open(1, "a")).wait(limits.ready), 1), /not ready \(no answer\)/],
    [
      "connecting",
      say(bench().give(status(1)).wait(limits.ready), 1, { link: { status: "connecting" } }),
      /\(connecting\)/,
    ],
    [
      "start project",
      say(readyBench().give(open(1, "a")).hear(about("ack", "a")).wait(limits.done), 1),
      /“start project”/,
    ],
    ["closeall", say(readyBench().give(closeall(1)).wait(limits.ack), 1), /closeall within 30 s/],
  ])("%s", (_name, result, words) => expect(result.mesg).toMatch(words));

  test.each([
    ["a.xyz", { [P1]: [] }, false, /extension is not supported/],
    ["a.ipynb", { [P1]: [] }, false, /^It is not open: the project did not start/],
    ["link.md", { [P1]: ["real.md"] }, true, /as real.md/],
  ])("why of %s", (path, files, verified, words) => {
    const b = readyBench()
      .give(open(1, path))
      .hear(about("ack", path), about("done", path), listing(files));
    expect(say(b, 1)).toMatchObject({ verified, why: expect.stringMatching(words) });
  });
});

describe("replies", () => {
  const cyclic: Record<string, unknown> = { status: "done", mesg: "all files are closed" };
  cyclic.self = cyclic;

  test("with junk, cycles or prototype keys around them are cleaned", () => {
    expect(parseReply(cyclic)).toEqual({ status: "done", mesg: "all files are closed" });
    const proto = JSON.parse(
      '{"status":"done","__proto__":{"x":1},"constructor":1,"open_files":{"__proto__":["a"]}}',
    );
    expect(Object.keys(parseReply(proto) ?? {})).toEqual(["status", "open_files"]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  const deep: Record<string, unknown> = { status: "done" };
  deep.open_files = deep;
  test.each([
    ["nothing", undefined],
    ["null", null],
    ["CoCalc's own messages", { source: "cocalc-project-log", payload: {} }],
    ["another status", { status: "ok" }],
    ["a number for a message", { status: "error", mesg: 5 }],
    ["an action without its file", { status: "done", action: "open" }],
    ["an action we do not know", { status: "done", action: "shut", path: "a", project_id: P1 }],
    ["files that are no lists", { status: "done", open_files: { [P1]: "a" } }],
    ["files that are no strings", { status: "done", open_files: { [P1]: [1] } }],
    ["a cycle in its files", deep],
    ["a huge message", { status: "error", mesg: "x".repeat(2e6) }],
    ["a big integer", { status: "done", mesg: 10n }],
    [
      "a getter that throws",
      {
        get status() {
          throw new Error("no");
        },
      },
    ],
  ])("%s are not", (_name, data) => expect(parseReply(data)).toBeUndefined());

  test("are read without harm whatever comes", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }),
        (data) => {
          parseReply(data);
          const mixed = parseReply({ status: "done", connection: data, open_files: data });
          expect(mixed === undefined || JSON.stringify(mixed).length > 0).toBe(true);
        },
      ),
    );
  });
});
