// The engine against a model of CoCalc that reorders, delays, drops, duplicates and reloads.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Reply } from "../protocol";
import { about, bench, closeall, failed, limits, open, P1, status } from "./helpers";

const PATHS = ["a", "b", "c", "d"];
/** How CoCalc treats a path: opens it, refuses it anonymously, fails after the ack, says nothing. */
const behaviour = fc.constantFrom("open", "open", "open", "refuse", "fail", "mute");

const scenario = fc.record({
  ways: fc.array(behaviour, { minLength: PATHS.length, maxLength: PATHS.length }),
  steps: fc.array(
    fc.record({
      do: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...PATHS.map((path) => `open ${path}`)) },
        { weight: 2, arbitrary: fc.constantFrom("closeall", "status") },
        { weight: 1, arbitrary: fc.constantFrom("reload", "unready", "cancel") },
      ),
      pause: fc.oneof(fc.nat(300), fc.nat(20_000), fc.nat(400_000)),
    }),
    { maxLength: 25 },
  ),
  // What befalls the replies, one after the other: a delay in ms, -1 for a loss.
  fates: fc.array(fc.oneof(fc.nat(50), fc.nat(2000), fc.nat(60_000), fc.constant(-1)), {
    minLength: 1,
    maxLength: 20,
  }),
  twice: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
});

/** A reply, when it comes, and for whose sake CoCalc made it. */
interface Letter {
  at: number;
  reply: Reply;
  cause: string;
}

const play = ({
  ways,
  steps,
  fates,
  twice,
}: typeof scenario extends fc.Arbitrary<infer T> ? T : never) => {
  const b = bench().step({ ready: true });
  let letters: Letter[] = [];
  let files: string[] = [];
  let fate = 0;
  let unread = 0;
  const commands: Record<number, string> = {};
  const wrong: string[] = [];

  const send = (cause: string, reply: Reply, later = 0) => {
    const delay = fates[fate++ % fates.length] as number;
    if (delay < 0) return;
    letters.push({ at: b.now + delay + later, reply, cause });
    // Nobody could tell a second anonymous reply from that to the next command.
    if (reply.action && twice[fate % twice.length]) {
      letters.push({ at: b.now + 2 * delay + later, reply, cause });
    }
  };
  const cocalc = (post: string) => {
    const [action, , path = ""] = post.split(" ");
    const cause = action === "open" ? `open ${path}` : (action as string);
    if (action === "status") {
      return send(cause, { status: "done", connection: {}, open_files: { [P1]: [...files] } });
    }
    if (action === "closeall") {
      files = [];
      return send(cause, { status: "done", mesg: "all files are closed" });
    }
    const way = ways[PATHS.indexOf(path)];
    if (way === "refuse") send(cause, failed(`cannot open ${path}`));
    if (way === "refuse" || way === "mute") return;
    send(cause, about("ack", path));
    if (way === "fail") return send(cause, { ...about("error", path), mesg: `failed ${path}` }, 60);
    files = [...new Set([...files, path])];
    send(cause, about("done", path), 60);
  };
  /** Whoever has ended must have ended by a reply made for the like of it. */
  const audit = (cause: string | undefined) => {
    for (const seq of Object.keys(b.ends).map(Number)) {
      const op = b.ends[seq];
      const last = b.results[seq]?.at(-1);
      delete b.ends[seq];
      if (last === "error" && cause !== commands[seq]) wrong.push(`${seq}: ${cause}`);
      if (last === "done" && op?.action === "status" && cause !== "status") wrong.push(`${seq}`);
      if (last === "done" && op?.action === "closeall" && cause !== "closeall")
        wrong.push(`${seq}`);
      if (last === "done" && op?.action === "open" && op.answer?.path !== op.path)
        wrong.push(`${seq}`);
    }
  };
  const settle = (cause?: string) => {
    audit(cause);
    for (; unread < b.posts.length; unread++) {
      cocalc(Object.values(b.posts[unread] as object).join(" "));
    }
    const unacked = b.engine.book.ops.filter((op) => op.stage === 1 && op.action !== "status");
    if (unacked.length > 1) wrong.push("two un-acked");
  };
  /** Let time pass: replies and deadlines in their order. */
  const pass = (until: number) => {
    for (let i = 0; i < 5000; i++) {
      letters.sort((x, y) => x.at - y.at);
      const next = Math.min(b.engine.nextDeadline(), letters[0]?.at ?? Infinity);
      if (next > until) break;
      b.now = Math.max(b.now, next);
      const letter = letters[0]?.at === next ? letters.shift() : undefined;
      b.step();
      settle();
      if (letter) b.hear(letter.reply);
      settle(letter?.cause);
    }
    b.now = Math.max(b.now, until === Infinity ? b.now : until);
  };

  steps.forEach((step, i) => {
    const seq = i + 1;
    const [action, path = ""] = step.do.split(" ");
    if (action === "reload") {
      letters = [];
      files = [];
      b.step({ frame: true }).step({ ready: true });
    } else if (action === "unready") b.step({ ready: false }).step({ ready: true });
    else if (action === "cancel") b.step({ cancel: i });
    else {
      commands[seq] = step.do;
      b.give(
        action === "open" ? open(seq, path) : action === "status" ? status(seq) : closeall(seq),
      );
    }
    settle();
    pass(b.now + step.pause);
  });
  pass(Infinity);
  return { b, wrong, commands };
};

test("nothing is ever matched to the wrong command, and nothing stays pending", () => {
  fc.assert(
    fc.property(scenario, (given) => {
      const { b, wrong, commands } = play(given);
      expect(wrong).toEqual([]);
      expect(b.engine.book.ops).toEqual([]);
      for (const seq of Object.keys(commands).map(Number)) {
        const finals = (b.results[seq] ?? []).filter(
          (state) => state !== "sent" && state !== "ack",
        );
        expect(finals).toHaveLength(1);
        expect(b.results[seq]?.at(-1)).toBe(finals[0]);
      }
    }),
    { numRuns: 150 },
  );
});

test("a listener that never comes leaves nothing pending after the ready deadline", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PATHS), { maxLength: 30 }), (paths) => {
      const b = bench();
      for (const [i, path] of paths.entries()) b.give(i % 5 ? open(i + 1, path) : status(i + 1));
      b.wait(limits.ready);
      expect(b.posts).toEqual([]);
      expect(b.engine.book.ops).toEqual([]);
      for (let i = 1; i <= paths.length; i++) expect(b.results[i]).toEqual(["timeout"]);
    }),
  );
});

test("any words in any order do no harm", () => {
  const reply = fc.record(
    {
      status: fc.constantFrom<Reply["status"]>("ack", "done", "error"),
      mesg: fc.string(),
      open_files: fc.dictionary(fc.constant(P1), fc.array(fc.constantFrom(...PATHS))),
    },
    { requiredKeys: ["status"] },
  );
  const named = fc
    .tuple(
      fc.constantFrom<Reply["status"]>("ack", "done", "error"),
      fc.constantFrom(...PATHS, "zz"),
    )
    .map(([state, path]) => about(state, path));
  fc.assert(
    fc.property(fc.array(fc.oneof(reply, named), { maxLength: 40 }), (replies) => {
      const b = bench().step({ ready: true });
      b.give(open(1, "a"), open(2, "b"), closeall(3), open(4, "a"), status(5));
      b.hear(...replies);
      for (let i = 0; i < 12; i++) b.wait(limits.done);
      expect(b.engine.book.ops).toEqual([]);
    }),
  );
});
