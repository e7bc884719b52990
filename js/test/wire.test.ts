// The wire of tests/fixtures/wire.json is what protocol.ts speaks, and replies are read with care.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import wire from "../../tests/fixtures/wire.json";
import { PROTOCOL, parseLog, parseReply, type ToKernel } from "../protocol";
import { type Scene, sayScene, toResult } from "../report";
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
  site: "cocalc.test",
  channel: "messages",
  mood: "good",
  words: "",
  shown: true,
  view: true,
  offscreen: false,
  popup: false,
  ready: true,
  everReady: true,
  era: 1,
  loads: 1,
  link: {},
};

test("both sides speak the same protocol", () => expect(PROTOCOL).toBe(wire.protocol));

describe("results have the keys of the fixture", () => {
  const results = wire.to_kernel;
  const ended = (b: ReturnType<typeof bench>, seq: number) =>
    toResult(seq, b.ends[seq] as never, b.results[seq]?.at(-1) as never);
  const done = () =>
    readyBench().give(open(1, "a.md")).hear(about("ack", "a.md"), about("done", "a.md"));

  test("sent, ack", () => {
    const [op] = readyBench().give(open(1, "a.md")).engine.book.ops;
    expect(toResult(1, op as never, "sent")).toEqual(results["result.sent"]);
    expect(toResult(1, op as never, "ack")).toEqual(results["result.ack"]);
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
  test("link", () => {
    const b = readyBench().give(open(1, "link.md"));
    b.hear(about("ack", "link.md"), about("done", "link.md"), listing({ [P1]: ["real.md"] }));
    expect(ended(b, 1)).toEqual(results["result.link"]);
  });
  test("timeout, cancelled", () => {
    const timeout = readyBench().give(open(1, "a.md")).wait(limits.ack);
    expect(ended(timeout, 1)).toEqual(results["result.timeout"]);
    const end = readyBench().give(open(1, "a.md")).step({ end: true });
    expect(ended(end, 1)).toEqual(results["result.cancelled"]);
  });
  test.each([
    ["not sent", bench().give(open(1, "a")).wait(limits.ready), 0],
    ["not answered", readyBench().give(closeall(1)).wait(limits.ack), 1],
    ["not finished", readyBench().give(open(1, "a")).hear(about("ack", "a")).wait(limits.done), 2],
  ])("a timeout says how far it had come: %s", (_name, b, at) =>
    expect(ended(b, 1)).toMatchObject({ state: "timeout", at }),
  );
  test("what the kernel gets are these types and no others", () => {
    const types: ToKernel["type"][] = [
      "hello",
      "want-token",
      "event",
      "log",
      "result",
      "state",
      "batch",
    ];
    expect(new Set(Object.values(results).map((m) => m.type))).toEqual(new Set(types));
  });
});

describe("the status line", () => {
  test.each([
    ["nothing to say", {}, "good", "cocalc.test"],
    ["a start", { ready: false, everReady: false }, "wait", "Starting cocalc.test …"],
    ["a reconnection", { ready: false }, "wait", "Reconnecting …"],
    ["what the kernel says", { ready: false, mood: "bad", words: "Away." }, "bad", "Away."],
    ["a tab that was blocked", { popup: true, words: "Why." }, "warn", /press the button/],
    ["the end", { channel: "closed", words: "Why." }, "bad", /Run the cell again/],
    ["another channel", { channel: "navigation", ready: false }, "good", "cocalc.test"],
  ] as const)("%s", (_name, more, mood, words) => {
    const [how, said] = sayScene({ ...scene, ...more } as Scene);
    expect(how).toBe(mood);
    expect(said).toMatch(words);
  });
});

describe("lines of a project's log", () => {
  const P = "aaaaaaaa-0000-4000-8000-000000000001";
  const open = { event: "open", action: "open", filename: "a.md", compute_server_id: 0 };
  const line = (event: unknown, more = {}) => ({
    source: "cocalc-project-log",
    payload: { project_log: { event, project_id: P, id: "line", time: "2026-11-25", ...more } },
  });
  const known = { id: "line", project_id: P, time: "2026-11-25", heard: 7 };
  test.each([
    ["an opening", line(open), { ...known, name: "opened", path: "a.md" }],
    ["a rendering", line({ time: 545 }), { ...known, name: "rendered", path: "" }],
    ["another", line({ event: "miniTerm", input: "ls" }), { ...known, name: "miniTerm", path: "" }],
    [
      "another that names a file",
      line({ ...open, event: "file_action", action: "created" }),
      { ...known, name: "file_action", path: "a.md" },
    ],
    [
      "another that is no opening and took some time",
      line({ event: "miniTerm", time: 5 }),
      { ...known, name: "miniTerm", path: "" },
    ],
    [
      "one without a time",
      line(open, { time: 5 }),
      { ...known, name: "opened", path: "a.md", time: "" },
    ],
    [
      "one of the longest names",
      line({ ...open, filename: "x".repeat(4096) }, { id: "y".repeat(200) }),
      { ...known, name: "opened", path: "x".repeat(4096), id: "y".repeat(200) },
    ],
  ])("%s is read", (_name, data, log) => expect(parseLog(data, 7)).toEqual(log));

  const cyclic = line(open) as { self?: unknown };
  cyclic.self = cyclic;
  const hostile = {
    source: "cocalc-project-log",
    get payload() {
      throw new Error("no");
    },
  };
  test.each([
    ["another source", { ...line(open), source: "cocalc" }],
    ["no id", line(open, { id: undefined })],
    ["an id without end", line(open, { id: "x".repeat(201) })],
    ["no project", line(open, { project_id: 7 })],
    ["a path without end", line({ ...open, filename: "x".repeat(4097) })],
    ["an empty path", line({ ...open, filename: "" })],
    ["no event", line(undefined)],
    ["an opening of another kind", line({ ...open, action: "set" })],
    ["an opening of another kind with a time", line({ ...open, action: "set", time: 5 })],
    ["a kind without end", line({ event: "x".repeat(201) })],
    ["an event of another kind", line({ event: 7 })],
    ["a time that is none", line({ time: Number.NaN })],
    ["a getter that throws", hostile],
    ["null", null],
    ["a string", "cocalc-project-log"],
    ["a reply", { status: "done", open_files: {} }],
  ])("%s is none", (_name, data) => expect(parseLog(data, 7)).toBeUndefined());

  test("whatever comes, nothing is thrown", () => {
    expect(parseLog(cyclic, 7)?.path).toBe("a.md");
    fc.assert(fc.property(fc.anything(), (data) => parseLog(data, 7) === undefined || true));
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
    ["an open without a path", { status: "done", action: "open", project_id: P1 }],
    ["an open without a project", { status: "done", action: "open", path: "a" }],
    ["an open of a number", { status: "done", action: "open", path: "a", project_id: 7 }],
    ["an action that is none", { status: "done", action: null, path: "a", project_id: P1 }],
    ["a status that is a list", { status: ["done"] }],
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

  test.each([
    { status: "ack", action: "open", project_id: P1, path: "a" },
    { status: "done", action: "open", project_id: P1, path: "a" },
    { status: "error", mesg: "no" },
    { status: "done", connection: { status: "connected", ping: 5 }, open_files: { [P1]: ["a"] } },
  ])("of these forms are taken as they are: %j", (reply) =>
    expect(parseReply(reply)).toEqual(reply),
  );

  test("may be long, and not endless", () => {
    const long = (n: number) => ({ status: "error", mesg: "x".repeat(n) });
    expect(parseReply(long(900_000))).toEqual(long(900_000));
    expect(parseReply(long(1_000_000))).toBeUndefined();
  });

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
