// The rules of commands and replies, one by one.

import { describe, expect, test } from "vitest";
import {
  about,
  bench,
  closeall,
  closed,
  failed,
  file,
  limits,
  listing,
  open,
  P1,
  P2,
  readyBench,
  status,
} from "./helpers";

describe("one open", () => {
  test("is sent, acked, done and verified by one status", () => {
    const b = readyBench().give(open(1, "a.md"));
    expect(b.posted()).toEqual([`open ${P1} a.md`]);
    b.hear(about("ack", "a.md"), about("done", "a.md"));
    expect(b.posted()).toEqual(["status"]);
    b.hear(listing({ [P1]: ["a.md"] }));
    expect(b.results[1]).toEqual(["sent", "ack", "done"]);
    expect(b.ends[1]).toMatchObject({ found: true, answer: about("done", "a.md") });
    expect(b.engine.book.ops).toEqual([]);
  });

  test("that is done without the file open is not verified", () => {
    const b = readyBench().give(open(1, "a.xyz"));
    b.hear(about("ack", "a.xyz"), about("done", "a.xyz"), listing({ [P1]: [] }));
    expect(b.ends[1]).toMatchObject({ found: false });
    expect(b.engine.book.wanted).toEqual([]);
  });

  test("of a symlink is verified under the name of its target", () => {
    const b = readyBench().give(open(1, "link.md"));
    b.hear(about("ack", "link.md"), about("done", "link.md"), listing({ [P1]: ["real.md"] }));
    expect(b.ends[1]).toMatchObject({ found: true, opened: "real.md" });
    expect(b.engine.book.wanted.map((f) => f.path)).toEqual(["real.md"]);
  });

  test("is not verified by a file that was open before, or that another open asked for", () => {
    const b = readyBench().hear(listing({ [P1]: ["old.md"] }));
    b.give(open(1, "a.xyz"), open(2, "b.md"));
    b.hear(about("ack", "a.xyz"), about("ack", "b.md"), about("done", "a.xyz"));
    b.hear(listing({ [P1]: ["old.md", "b.md"] }));
    expect(b.ends[1]).toMatchObject({ found: false });
  });

  test("is done but unverified if the status stays away", () => {
    const b = readyBench().give(open(1, "a.md")).hear(about("ack", "a.md"), about("done", "a.md"));
    b.wait(limits.status);
    expect(b.results[1]?.at(-1)).toBe("done");
    expect(b.ends[1]?.found).toBe(null);
  });

  test("may be done without an ack", () => {
    const b = readyBench()
      .give(open(1, "a.md"))
      .hear(about("done", "a.md"), listing({ [P1]: ["a.md"] }));
    expect(b.results[1]).toEqual(["sent", "done"]);
  });

  test("says each step once, whatever CoCalc repeats", () => {
    const b = readyBench().give(open(1, "a.md")).hear(about("ack", "a.md"), about("ack", "a.md"));
    b.posted();
    b.hear(about("done", "a.md"), about("done", "a.md"), about("ack", "a.md"));
    expect(b.posted()).toEqual(["status"]);
    b.hear(listing({ [P1]: ["a.md"] }), listing({ [P1]: ["a.md"] }));
    expect(b.results[1]).toEqual(["sent", "ack", "done"]);
    expect(b.posted()).toEqual([]);
  });

  test("is not verified by two new files, either of which it may be", () => {
    const b = readyBench().give(open(1, "link.md")).hear(about("done", "link.md"));
    b.hear(listing({ [P1]: ["one.md", "two.md"] }));
    expect(b.ends[1]).toMatchObject({ found: false });
    expect(b.ends[1]?.opened).toBeUndefined();
  });

  test("that is not verified is not desired, also while another is under way", () => {
    const b = readyBench().give(open(1, "a.xyz"), open(2, "b"));
    b.hear(about("ack", "a.xyz"), about("done", "a.xyz"), listing({ [P1]: [] }));
    expect(b.results[2]).toEqual(["sent"]);
    expect(b.engine.book.wanted).toEqual([]);
  });

  test("fails with CoCalc's own words after its ack", () => {
    const b = readyBench().give(open(1, "a.md")).hear(about("ack", "a.md"));
    b.hear({ ...about("error", "a.md"), mesg: "no" });
    expect(b.results[1]).toEqual(["sent", "ack", "error"]);
    expect(b.ends[1]?.answer?.mesg).toBe("no");
  });
});

describe("the queue", () => {
  test("holds at most one un-acked command", () => {
    const b = readyBench().give(open(1, "a"), open(2, "b"), open(3, "c"));
    expect(b.posted()).toEqual([`open ${P1} a`]);
    b.hear(about("ack", "a"));
    expect(b.posted()).toEqual([`open ${P1} b`]);
    b.hear(about("ack", "b"));
    expect(b.posted()).toEqual([`open ${P1} c`]);
  });

  test("lets acked opens finish in any order", () => {
    const b = readyBench().give(open(1, "a"), open(2, "b"));
    b.hear(about("ack", "a"), about("ack", "b"), about("done", "b"), about("done", "a"));
    b.hear(listing({ [P1]: ["a", "b"] })).hear(listing({ [P1]: ["a", "b"] }));
    expect(b.results[1]).toEqual(["sent", "ack", "done"]);
    expect(b.results[2]).toEqual(["sent", "ack", "done"]);
  });

  test("tells files of the same name in two projects apart", () => {
    const b = readyBench()
      .give(open(1, "a"), open(2, "a", P2))
      .hear(about("ack", "a"));
    b.hear(about("ack", "a", P2), { ...about("error", "a", P2), mesg: "x" });
    expect(b.results[1]).toEqual(["sent", "ack"]);
    expect(b.results[2]).toEqual(["sent", "ack", "error"]);
  });

  test("joins identical opens, and tells the late one how far they are", () => {
    const b = readyBench()
      .give(open(1, "a"), open(2, "a"))
      .hear(about("ack", "a"))
      .give(open(3, "a"));
    expect(b.posted()).toEqual([`open ${P1} a`]);
    b.hear(about("done", "a"), listing({ [P1]: ["a"] }));
    for (const seq of [1, 2, 3]) expect(b.results[seq]).toEqual(["sent", "ack", "done"]);
  });

  test("joins nothing across a closeall", () => {
    const b = readyBench().give(open(1, "a"), closeall(2), open(3, "a")).hear(about("ack", "a"));
    b.hear(about("done", "a"), listing({ [P1]: ["a"] }));
    expect(b.posted()).toEqual([`open ${P1} a`, "status", "closeall"]);
    b.hear(closed);
    expect(b.posted()).toEqual([`open ${P1} a`]);
    expect(b.results[3]).toEqual(["sent"]);
  });

  test("makes closeall wait until every open before it has settled", () => {
    const b = readyBench().give(open(1, "a"), open(2, "b"), closeall(3));
    b.hear(about("ack", "a"), about("ack", "b"), about("done", "b"), listing({ [P1]: ["b"] }));
    expect(b.posted()).not.toContain("closeall");
    b.hear(about("done", "a"), listing({ [P1]: ["a", "b"] }));
    expect(b.posted()).toContain("closeall");
    b.hear(closed);
    expect(b.results[3]).toEqual(["sent", "done"]);
    expect(b.engine.book.files).toEqual({});
    expect(b.engine.book.wanted).toEqual([]);
  });

  test("takes a hundred commands at once", () => {
    const b = readyBench();
    for (let seq = 1; seq <= 100; seq++) b.give(open(seq, `f${seq}`));
    const all: string[] = [];
    for (let seq = 1; seq <= 100; seq++) b.hear(about("ack", `f${seq}`));
    for (let seq = 1; seq <= 100; seq++) {
      all.push(`f${seq}`);
      b.hear(about("done", `f${seq}`), listing({ [P1]: all }));
    }
    b.hear(listing({ [P1]: all }));
    expect(Object.values(b.results).every((states) => states.at(-1) === "done")).toBe(true);
    expect(b.engine.book.ops).toEqual([]);
  });
});

describe("an error without action", () => {
  test("belongs to the un-acked command", () => {
    const b = readyBench().give(open(1, "a"), open(2, "b")).hear(about("ack", "a"), failed("nope"));
    expect(b.results[1]).toEqual(["sent", "ack"]);
    expect(b.results[2]).toEqual(["sent", "error"]);
  });

  test("settles nothing while something that timed out may have caused it", () => {
    const b = readyBench()
      .give(open(1, "a"))
      .wait(limits.ack)
      .give(open(2, "b"))
      .hear(failed("whose?"));
    expect(b.results[1]).toEqual(["sent", "timeout"]);
    expect(b.results[2]).toEqual(["sent"]);
    expect(b.late).toEqual([failed("whose?")]);
    b.hear(about("ack", "b"), about("done", "b"), listing({ [P1]: ["b"] }));
    expect(b.results[2]).toEqual(["sent", "ack", "done"]);
  });

  test("stays ambiguous if it comes again", () => {
    const b = readyBench().give(open(1, "a")).wait(limits.ack).give(open(2, "b"));
    b.hear(failed("whose?"), failed("and this?"));
    expect(b.results[2]).toEqual(["sent"]);
    expect(b.late).toHaveLength(2);
  });

  test("is clear again once the one that timed out was answered by name", () => {
    const b = readyBench().give(open(1, "a")).wait(limits.ack).give(open(2, "b"));
    b.hear(about("ack", "a"), failed("b is bad"));
    expect(b.results[2]).toEqual(["sent", "error"]);
  });

  test("with nobody un-acked is an event", () => {
    const b = readyBench().hear(failed("what?"));
    expect(b.late).toEqual([failed("what?")]);
  });
});

describe("status", () => {
  test("has a lane of its own", () => {
    const b = readyBench().give(open(1, "a"), status(2)).hear(listing({}));
    expect(b.results[1]).toEqual(["sent"]);
    expect(b.results[2]).toEqual(["sent", "done"]);
  });

  test("holds up no open, and no open holds it up", () => {
    const b = readyBench().give(status(1), open(2, "a.md"));
    expect(b.posted()).toEqual(["status", `open ${P1} a.md`]);
    const other = readyBench().give(open(1, "a.md"), status(2));
    expect(other.posted()).toEqual([`open ${P1} a.md`, "status"]);
  });

  test("is asked once at a time, and once for all who wait", () => {
    const b = readyBench().give(status(1), status(2), status(3));
    expect(b.posted()).toEqual(["status"]);
    b.hear(listing({}));
    expect(b.posted()).toEqual(["status"]);
    b.hear(listing({}));
    expect([1, 2, 3].map((seq) => b.results[seq]?.at(-1))).toEqual(["done", "done", "done"]);
  });

  test("is not asked again for an answer that comes when nobody waits any more", () => {
    const b = readyBench().give(status(1)).wait(limits.status);
    expect(b.results[1]).toEqual(["sent", "timeout"]);
    b.posted();
    b.hear(listing({}));
    expect(b.posted()).toEqual([]);
    b.give(status(2)).hear(listing({})); // and the next one is answered by the next answer
    expect(b.results[2]).toEqual(["sent", "done"]);
  });

  test("is asked again if the answer may be that of an earlier one", () => {
    const b = readyBench().give(status(1)).wait(limits.status).give(status(2));
    b.posted();
    b.hear(listing({ [P1]: ["old"] }));
    expect(b.results[2]).toEqual(["sent"]);
    expect(b.posted()).toEqual(["status"]);
    b.hear(listing({ [P1]: ["new"] }));
    expect(b.ends[2]?.answer?.open_files).toEqual({ [P1]: ["new"] });
  });
});

describe("deadlines", () => {
  test.each([
    ["an open that is never acked", () => readyBench().give(open(1, "a")), "ack", 1],
    ["an acked open", () => readyBench().give(open(1, "a")).hear(about("ack", "a")), "done", 2],
    ["a closeall", () => readyBench().give(closeall(1)), "ack", 1],
    ["a status", () => readyBench().give(status(1)), "status", 1],
    ["a command that never becomes sendable", () => bench().give(open(1, "a")), "ready", 0],
    ["a status that never becomes sendable", () => bench().give(status(1)), "ready", 0],
  ] as const)("end %s", (_name, make, limit, stage) => {
    const b = make();
    expect(b.engine.nextDeadline()).toBe(b.now + limits[limit]);
    b.wait(limits[limit] - 1);
    expect(b.results[1]?.at(-1)).not.toBe("timeout");
    b.wait(1);
    expect(b.results[1]?.at(-1)).toBe("timeout");
    expect(b.ends[1]?.stage).toBe(stage);
    expect(b.engine.book.ops).toEqual([]);
    expect(b.engine.nextDeadline()).toBe(Infinity);
  });

  test("do not run for a command that waits its turn while CoCalc is ready", () => {
    const b = readyBench().give(open(1, "a"), closeall(2)).hear(about("ack", "a"));
    b.wait(limits.ready + 1);
    expect(b.results[2]).toBeUndefined();
  });

  test("begin anew for what waits when CoCalc is ready no more", () => {
    const b = readyBench()
      .give(open(1, "a"), open(2, "b"))
      .wait(limits.ack - 1);
    b.step({ ready: false }).wait(limits.ready - 1);
    expect(b.results[2]).toBeUndefined();
    b.wait(1);
    expect(b.results[2]).toEqual(["timeout"]);
  });

  test("a late done is adopted by the next identical open", () => {
    const b = readyBench()
      .give(open(1, "a"))
      .wait(limits.ack)
      .give(open(2, "a"))
      .hear(about("done", "a"));
    b.hear(listing({ [P1]: ["a"] }));
    expect(b.results[2]).toEqual(["sent", "done"]);
    expect(b.late).toEqual([]);
  });

  test("a late done that nobody waits for is an event, and the files are asked for", () => {
    const b = readyBench().give(open(1, "a")).wait(limits.ack);
    b.posted();
    b.hear(about("done", "a"));
    expect(b.late).toEqual([about("done", "a")]);
    expect(b.posted()).toEqual(["status"]);
  });

  test("a closeall answered while an earlier one is owed is asked once more", () => {
    const b = readyBench().give(closeall(1)).wait(limits.ack).give(closeall(2));
    b.posted();
    b.hear(closed);
    expect(b.results[2]).toEqual(["sent"]);
    expect(b.posted()).toEqual(["closeall"]);
    b.hear(closed);
    expect(b.results[2]).toEqual(["sent", "done"]);
  });
});

describe("a new document in the frame", () => {
  test("gets the opens in flight again, once it is ready", () => {
    const b = readyBench().give(open(1, "a"), open(2, "b"), open(3, "c")).hear(about("ack", "a"));
    b.posted();
    b.step({ frame: true }).wait(1000);
    expect(b.posted()).toEqual([]);
    b.step({ ready: true }).hear(about("ack", "a"), about("ack", "b"), about("ack", "c"));
    expect(b.posted()).toEqual([`open ${P1} a`, `open ${P1} b`, `open ${P1} c`]);
  });

  test("gets back also what CoCalc did not list while it was not ready", () => {
    const b = readyBench()
      .give(open(1, "a"))
      .hear(about("done", "a"), listing({ [P1]: ["a"] }));
    b.step({ ready: false }).hear(listing({}));
    b.posted();
    b.step({ frame: true }).step({ ready: true });
    expect(b.posted()).toEqual([`open ${P1} a`]);
  });

  test("gets the desired files back, one after the other, before what is new", () => {
    const b = readyBench([file("a"), file("b")]).give(open(1, "c"));
    b.hear(about("ack", "a"));
    expect(b.posted()).toEqual([`open ${P1} a`]);
    b.hear(about("done", "a"), about("ack", "b"));
    expect(b.posted()).toEqual([`open ${P1} b`, "status"]);
    b.hear(about("done", "b"), about("ack", "c"));
    expect(b.posted()).toEqual([`open ${P1} c`]);
  });

  test("gets the tabs back in their order, and the active one is opened last", () => {
    const b = readyBench();
    const opens = (seq: number, path: string) =>
      b
        .give(open(seq, path))
        .hear(about("ack", path), about("done", path), listing({ [P1]: ["a", "b", "c"] }));
    for (const [i, path] of ["a", "b", "a"].entries()) opens(i + 1, path);
    b.step({ frame: true }).step({ ready: true });
    b.posted();
    const sent: string[] = [];
    for (let i = 0; i < 3; i++) {
      const [path = ""] = b.engine.book.ops.filter((op) => op.stage === 1).map((op) => op.path);
      sent.push(path);
      b.hear(about("ack", path), about("done", path), listing({ [P1]: ["a", "b"] }));
    }
    expect(sent).toEqual(["a", "b", "a"]);
    expect(b.engine.book.ops).toEqual([]);
    opens(4, "c");
    expect(b.engine.book.wanted.map((f) => f.path)).toEqual(["a", "b", "c"]);
  });

  test("is not held up for long by a file that does not get ready", () => {
    const b = readyBench([file("a"), file("b")]).hear(about("ack", "a"));
    b.wait(limits.status - 1);
    expect(b.posted()).toEqual([`open ${P1} a`]);
    expect(b.engine.nextDeadline()).toBe(b.now + 1);
    b.wait(1);
    expect(b.posted()).toEqual([`open ${P1} b`]);
    expect(b.engine.book.ops.map((op) => op.path)).toEqual(["a", "b"]);
    b.hear(about("ack", "b"), about("done", "b"), about("done", "a"));
    b.hear(listing({ [P1]: ["b", "a"] })).hear(listing({ [P1]: ["b", "a"] }));
    expect(b.engine.book.ops).toEqual([]);
  });

  test("gets the files back even if it takes longer than any command may wait", () => {
    const b = bench([file("a")]).give(open(1, "b"));
    b.wait(limits.ready * 10);
    expect(b.results[1]).toEqual(["timeout"]);
    b.step({ ready: true });
    expect(b.posted()).toEqual([`open ${P1} a`]);
  });

  test("gets the files back before what was in flight", () => {
    const b = readyBench()
      .give(open(1, "a"))
      .hear(about("done", "a"), listing({ [P1]: ["a"] }));
    b.give(open(2, "b"));
    b.posted();
    b.step({ frame: true }).step({ ready: true });
    expect(b.posted()).toEqual([`open ${P1} a`]);
    b.hear(about("ack", "a"), about("done", "a"));
    expect(b.posted()).toContain(`open ${P1} b`);
  });

  test("never gets the same open twice at a time: replies could not tell them apart", () => {
    const b = readyBench()
      .give(open(1, "a"))
      .hear(about("done", "a"), listing({ [P1]: ["a"] }));
    b.give(open(2, "a"));
    b.posted();
    b.step({ frame: true }).step({ ready: true }).hear(about("ack", "a")).wait(limits.status);
    expect(b.posted()).toEqual([`open ${P1} a`]);
    b.hear(about("done", "a"), listing({ [P1]: ["a"] }));
    expect(b.posted()).toContain(`open ${P1} a`);
    b.hear(about("ack", "a"), about("done", "a"), listing({ [P1]: ["a"] }));
    expect(b.results[2]?.at(-1)).toBe("done");
  });

  test("is not asked to forget what it has not got back yet", () => {
    const b = readyBench([file("a"), file("b")]).hear(about("ack", "a"), about("done", "a"));
    b.hear(listing({ [P1]: ["a"] }));
    expect(b.engine.book.wanted.map((f) => f.path)).toEqual(["a", "b"]);
  });

  test("gets no file twice, however often it comes", () => {
    const b = readyBench([file("a"), file("b")]).hear(about("ack", "a"));
    for (let i = 0; i < 3; i++) b.step({ frame: true }).step({ ready: true });
    expect(b.engine.book.ops.map((op) => op.path)).toEqual(["a", "b"]);
  });

  test("does not get back what a closeall is about to close", () => {
    const b = readyBench([file("a")]).hear(
      about("ack", "a"),
      about("done", "a"),
      listing({ [P1]: ["a"] }),
    );
    b.give(closeall(1)).step({ frame: true }).step({ ready: true });
    expect(b.posted().slice(-1)).toEqual(["closeall"]);
  });

  test("does not get back what the user closed in CoCalc", () => {
    const b = readyBench([file("a"), file("b")]);
    for (const path of ["a", "b"]) b.hear(about("ack", path));
    for (const path of ["a", "b"]) b.hear(about("done", path), listing({ [P1]: ["a", "b"] }));
    b.hear(listing({ [P1]: ["a", "b"] })).hear(listing({ [P1]: ["b"] }));
    expect(b.engine.book.wanted.map((f) => f.path)).toEqual(["b"]);
  });

  test("knows no ghosts: an error is clear again", () => {
    const b = readyBench()
      .give(open(1, "a"))
      .wait(limits.ack)
      .step({ frame: true })
      .step({ ready: true });
    b.give(open(2, "b")).hear(failed("b is bad"));
    expect(b.results[2]).toEqual(["sent", "error"]);
  });

  test("asks a status in flight again", () => {
    const b = readyBench().give(status(1)).step({ frame: true });
    b.posted();
    b.step({ ready: true }).hear(listing({}));
    expect(b.results[1]?.at(-1)).toBe("done");
  });

  test("does not prolong an open for ever", () => {
    const b = readyBench().give(open(1, "a"));
    for (let i = 0; i < 100; i++) b.wait(10_000).step({ frame: true }).step({ ready: true });
    expect(b.results[1]?.at(-1)).toBe("timeout");
  });
});

describe("ends", () => {
  test("cancel everything that is pending", () => {
    const b = readyBench().give(open(1, "a"), closeall(2), status(3)).step({ end: true });
    expect([1, 2, 3].map((seq) => b.results[seq]?.at(-1))).toEqual([
      "cancelled",
      "cancelled",
      "cancelled",
    ]);
    expect(b.wait(limits.status).engine.nextDeadline()).toBe(Infinity);
  });

  test("an open that two wait for goes on for the other one", () => {
    const b = readyBench().give(open(1, "a.md"), open(2, "b.md"), open(3, "b.md"));
    b.posted();
    b.step({ cancel: 2 });
    b.hear(about("ack", "a.md"));
    expect(b.posted()).toEqual([`open ${P1} b.md`]);
    expect(b.results).toMatchObject({ 2: ["cancelled"], 3: ["sent"] });
  });

  test("a cancelled open that CoCalc does not know yet is never sent", () => {
    const b = readyBench()
      .give(open(1, "a"), open(2, "b"))
      .step({ cancel: 2 })
      .hear(about("ack", "a"));
    expect(b.results[2]).toEqual(["cancelled"]);
    expect(b.posted()).toEqual([`open ${P1} a`]);
  });

  test("a cancelled open that was sent keeps its place until CoCalc answers", () => {
    const b = readyBench().give(open(1, "a"), open(2, "b")).step({ cancel: 1 });
    b.hear(failed("that was a's"));
    expect(b.results[1]).toEqual(["sent", "cancelled"]);
    expect(b.results[2]).toEqual(["sent"]);
  });
});
