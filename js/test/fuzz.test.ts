// @vitest-environment happy-dom
// Bad input of every kind: replies, events, messages of the kernel. Nothing throws, nothing is lost.

import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Effect, Event } from "../book";
import { createEngine } from "../engine";
import { type Command, parseReply, type Reply } from "../protocol";
import { file, limits, P1, P2 } from "./helpers";
import { ORIGIN, setStage, welcome } from "./stage";

// More, and at random, by the variable that tests/fuzz has, too.
const FACTOR = Number(process.env.FUZZ_EXAMPLES_FACTOR) || 0;
vi.setConfig({ testTimeout: 30_000 * (FACTOR || 1) });
let examples = 0;
const check = <T>(runs: number, given: fc.Arbitrary<T>, holds: (value: T) => void) =>
  fc.assert(
    fc.property(given, (value) => {
      holds(value);
      examples++;
    }),
    { numRuns: Math.ceil(runs * (FACTOR || 1)), ...(FACTOR ? {} : { seed: 20261125 }) },
  );
afterAll(() => {
  process.stdout.write(`fuzz: ${examples} examples of the page's side\n`);
});

const FINAL = ["done", "error", "timeout", "blocked", "cancelled"];
const FIELDS = ["status", "action", "project_id", "path", "mesg", "connection", "open_files"];
const KEYS = ["__proto__", "constructor", "prototype", "toString", "length", "toJSON", ...FIELDS];
const PATHS = ["a.md", "b.md", "", "__proto__", "constructor", "\ud800", "ü/🙂", "../x"];
const key = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: "binary" }));
const nest = (depth: number, wrap: (inner: unknown) => unknown) => {
  let value: unknown = "x";
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
};
const cycle = () => {
  const it: Record<string, unknown> = { status: "done" };
  it.open_files = it;
  return it;
};
const trap = () => {
  throw new Error("no");
};

/** A value that is made when it is used: fast-check would trip over it. */
class Lazy {
  constructor(readonly make: () => unknown) {}
}
const real = (fields: object) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, it]) => [name, it instanceof Lazy ? it.make() : it]),
  );

/** What no honest page sends, and a page could. */
const hostile = fc.oneof(
  fc
    .constantFrom<() => unknown>(
      cycle,
      () => new Proxy({}, { get: trap, ownKeys: trap, has: trap, getOwnPropertyDescriptor: trap }),
      () => new Proxy({}, { get: (_, name) => name }),
      () => ({ toJSON: trap }),
      () => ({ toJSON: () => ({ status: "done" }) }),
      () => Object.defineProperty({}, "status", { enumerable: true, get: trap }),
      () => nest(20_000, (inner) => [inner]),
      () => nest(20_000, (open_files) => ({ open_files })),
      () => "x".repeat(2_000_000),
      () => new Array(10).fill("y".repeat(200_000)),
      () => Array.from({ length: 50_000 }, (_, i) => `file ${i}`),
      () => 10n ** 50n,
      () => Symbol("s"),
      () => new Uint8Array(1000),
      () => new Date(Number.NaN),
      () => new Map([[1, 2]]),
      () => () => 1,
      () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}'),
      () => Object.create(null),
      () => new (class extends Array {})(),
      () => document.createElement("p"),
      () => window,
    )
    .map((make) => new Lazy(make)),
  fc
    .anything({
      key,
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      withUnicodeString: true,
      withBoxedValues: true,
      withObjectString: true,
    })
    .map((it) => new Lazy(() => it)),
);
const files = fc.dictionary(
  fc.oneof(fc.constantFrom(P1, P2), key),
  fc.array(fc.constantFrom(...PATHS)),
);
const data = fc.record(
  {
    status: fc.oneof({ weight: 8, arbitrary: fc.constantFrom("ack", "done", "error") }, hostile),
    action: fc.oneof({ weight: 5, arbitrary: fc.constant("open") }, hostile),
    project_id: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(P1, P2, "__proto__") }, hostile),
    path: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PATHS) }, hostile),
    mesg: fc.oneof({ weight: 5, arbitrary: fc.string({ unit: "binary" }) }, hostile),
    connection: fc.oneof(fc.record({ status: fc.constantFrom("connected", "x") }), hostile),
    open_files: fc.oneof({ weight: 5, arbitrary: files }, hostile),
  },
  { requiredKeys: ["status"] },
);

describe("replies", () => {
  const clean = (reply: Reply | undefined) => {
    if (!reply) return;
    expect(["ack", "done", "error"]).toContain(reply.status);
    expect(FIELDS).toEqual(expect.arrayContaining(Object.keys(reply)));
    expect(JSON.parse(JSON.stringify(reply))).toEqual(reply);
    expect(JSON.stringify(reply).length).toBeLessThan(1e6);
    if (reply.action)
      expect([typeof reply.project_id, typeof reply.path]).toEqual(["string", "string"]);
    for (const paths of Object.values(reply.open_files ?? {})) {
      for (const path of paths) expect(typeof path).toBe("string");
    }
  };
  const untouched = () => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.prototype.toString.call([])).toBe("[object Array]");
  };

  test("are a clean copy or nothing, whatever comes", () => {
    check(2500, hostile, (value) => clean(parseReply(value.make())));
    untouched();
  });

  test("whose fields are of any kind are a clean copy or nothing", () => {
    let taken = 0;
    check(2500, data, (value) => {
      const reply = parseReply(real(value));
      clean(reply);
      if (reply) taken++;
    });
    untouched();
    expect(taken).toBeGreaterThan(250); // or this would prove little
  });

  test("that change while they are read are what they were at first", () => {
    check(
      300,
      fc.array(fc.oneof(fc.constantFrom("done", "ack"), hostile), { minLength: 1 }),
      (told) => {
        let reads = 0;
        const shifty = { mesg: "m" };
        Object.defineProperty(shifty, "status", {
          get: () => real({ told: told[reads++ % told.length] }).told,
        });
        clean(parseReply(shifty));
        expect(reads).toBeLessThanOrEqual(1);
      },
    );
  });
});

describe("the engine", () => {
  const path = fc.constantFrom(...PATHS);
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ open: path, project_id: fc.constantFrom(P1, P2) }) },
    { weight: 2, arbitrary: fc.constantFrom("closeall", "status") },
    { weight: 8, arbitrary: data.map((heard) => ({ heard })) },
    { weight: 1, arbitrary: fc.constantFrom("frame", "ready", "unready", "end") },
    { weight: 1, arbitrary: fc.nat(12).map((cancel) => ({ cancel })) },
    { weight: 2, arbitrary: fc.constantFrom(0, 1, 250, 5000, 30_000, 400_000) },
  );

  test("never throws, ends each command once, and leaves nothing pending", () => {
    check(2000, fc.array(step, { maxLength: 40 }), (steps) => {
      const engine = createEngine(limits, [file("a.md"), file("__proto__", P2)]);
      const ends: Record<number, number> = {};
      let seq = 0;
      let now = 1;
      const take = (event: Event) => {
        for (const { outcome, post } of engine.step(event, now) as Effect[]) {
          if (outcome && FINAL.includes(outcome.state)) {
            for (const each of outcome.seqs) ends[each] = (ends[each] ?? 0) + 1;
          }
          if (!post) continue;
          expect(["open", "closeall", "status"]).toContain(post.action);
          if (post.action !== "open") expect(Object.keys(post)).toEqual(["action"]);
          else {
            expect([P1, P2]).toContain(post.project_id);
            expect(Object.keys(post)).toEqual(["action", "project_id", "path"]);
          }
        }
        expect(engine.nextDeadline()).not.toBeNaN();
      };
      const order = (command: object) =>
        take({ command: { type: "command", seq: ++seq, ...command } as Command });
      take({ frame: true });
      for (const one of steps) {
        if (typeof one === "number") {
          now += one;
          take({});
        } else if (one === "closeall" || one === "status") order({ action: one });
        else if (one === "frame") take({ frame: true });
        else if (one === "end") take({ end: true });
        else if (typeof one === "string") take({ ready: one === "ready" });
        else if ("open" in one) order({ action: "open", ...file(one.open, one.project_id) });
        else if ("cancel" in one) take({ cancel: one.cancel });
        else {
          const heard = parseReply(real(one.heard));
          if (heard) take({ heard });
        }
      }
      take({ end: true });
      expect(engine.book.ops).toEqual([]);
      const all = Array.from({ length: seq }, (_, i) => ends[i + 1]);
      expect(all).toEqual(all.map(() => 1));
    });
  });
});

describe("the page", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    document.body.replaceChildren();
  });

  const url = fc.oneof(
    fc.constantFrom(
      `${ORIGIN}/app`,
      `${ORIGIN}/app`,
      "https://evil.test/x",
      "//evil.test",
      "javascript:void 0",
      "data:text/html,x",
      "about:blank",
      "http://[::1",
      "",
      "\ud800",
      " ",
    ),
    fc.webUrl(),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const ref = fc.record({
    project_id: fc.constantFrom(P1, P2),
    path: fc.constantFrom(...PATHS),
    url,
  });
  const greeting = fc.record({
    home: url,
    desired: fc.array(ref, { maxLength: 2 }),
    channel: fc.constantFrom("messages", "messages", "navigation", "tab", "blocked"),
    token: fc.boolean(),
  });
  const told = fc.oneof(
    { weight: 4, arbitrary: ref.map((it) => ({ type: "command", action: "open", ...it })) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom("closeall", "status")
        .map((action) => ({ type: "command", action })),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("token"), url, then: url }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("cancel"), seq: fc.nat(8) }) },
    { weight: 1, arbitrary: greeting.map((it) => ({ ...welcome, ...it })) },
    { weight: 1, arbitrary: fc.anything({ key }) },
    { weight: 2, arbitrary: fc.constantFrom("load", "wait", "view") },
  );

  test("takes any URL of the kernel's, talks to no other origin, and ends every command", async () => {
    const runs = { numRuns: Math.ceil(250 * (FACTOR || 1)), ...(FACTOR ? {} : { seed: 20261125 }) };
    await fc.assert(
      fc.asyncProperty(greeting, fc.array(told, { maxLength: 12 }), async (hello, steps) => {
        vi.clearAllTimers();
        const stage = setStage();
        vi.spyOn(window, "open").mockReturnValue(steps.length % 2 ? null : window);
        let seq = 0;
        await stage.start(hello as never);
        for (const step of steps) {
          if (step === "load") stage.frame()?.dispatchEvent(new Event("load"));
          else if (step === "wait") await stage.wait(3000);
          else if (step === "view") stage.view();
          else if ((step as { type?: unknown } | null)?.type === "command") {
            stage.tell({ ...(step as object), seq: ++seq });
          } else stage.tell(step);
          await stage.wait(1);
        }
        stage.tell({ type: "bye" });
        await stage.wait(10_000); // what was to come has come by then: a token's patience is 8 s
        for (let each = 1; each <= seq; each++) {
          const finals = stage.of(each).filter(({ state }) => FINAL.includes(state ?? ""));
          expect(finals).toHaveLength(1);
        }
        expect([...stage.kiosk.targets].filter((target) => target !== ORIGIN)).toEqual([]);
        expect(vi.getTimerCount()).toBe(0);
        examples++;
        stage.life.abort();
        vi.restoreAllMocks();
        document.body.replaceChildren();
      }),
      runs,
    );
  });
});
