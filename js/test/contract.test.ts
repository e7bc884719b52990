// Every recorded row, replayed: right command, right outcome; foreign messages ignored; silence ends.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Command, parseLog, parseReply, type Reply } from "../protocol";
import { bench, limits, readyBench } from "./helpers";

type Fields = Record<string, unknown>;
interface Data {
  status?: string;
  action?: string;
  source?: string;
  payload?: { project_log: { event: Fields } };
}
interface Row {
  name: string;
  request?: unknown;
  replies?: { ms?: number; data: Data }[];
}
const read = (name: string): Row[] =>
  readFileSync(new URL(`../../tests/contract/${name}`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const [old, today] = [read("iframe.jsonl"), read("iframe-2026.jsonl")];
const rows = [...old, ...today];

/** A command like the recorded request; "open a.md" is short for an open in the first project. */
const toCommand = (request: unknown, seq: number): Command | undefined => {
  const short = typeof request === "string" && request.includes(" ") && request.split(" ");
  const given = (
    short
      ? { action: short[0], path: short[1], project_id: "aaaaaaaa-0000-4000-8000-000000000001" }
      : request
  ) as Record<string, string> | null;
  const { action, project_id, path } = given ?? {};
  if (action === "open") {
    return {
      type: "command",
      seq,
      action,
      url: "",
      project_id: project_id ?? "",
      path: path ?? "",
    };
  }
  return action === "closeall" || action === "status"
    ? { type: "command", seq, action }
    : undefined;
};

test("all rows are there", () => {
  expect(old.length).toBe(53);
  expect(today.length).toBeGreaterThanOrEqual(180);
});

describe.each(rows.filter((row) => row.replies))("$name", ({ name, request, replies = [] }) => {
  const several =
    Array.isArray(request) &&
    request.some((one) => (one as Fields)?.action || /^open /.test(String(one)));
  const requests = several ? (request as unknown[]) : [request];
  const commands = requests.map(toCommand).filter((command) => command !== undefined);
  // Commands are numbered from 0 above; the wire begins at 1.
  for (const [i, command] of commands.entries()) command.seq = i + 1;
  const heard = replies.map(({ data }) => parseReply(data));
  const logs = replies.map(({ data }) => parseLog(data, 1));

  test("what has a status is a reply, kept whole; what has a source is a line; nothing else", () => {
    for (const [i, { data }] of replies.entries()) {
      if (data.status) expect(heard[i]).toEqual(data);
      else expect(heard[i]).toBeUndefined();
      const line = data.source === "cocalc-project-log";
      expect(!!logs[i]).toBe(line && data.payload?.project_log.event.filename !== "");
      if (logs[i]) expect(["opened", "rendered"]).toContain(logs[i].name);
    }
  });

  test("the right command gets the right outcome", () => {
    const b = readyBench().give(...commands);
    for (const [i, { ms = 0 }] of replies.entries()) {
      b.now = Math.max(b.now, ms + 1);
      b.step();
      if (heard[i]) b.hear(heard[i] as Reply);
    }
    for (const command of commands) {
      const { seq, action } = command;
      const mine = heard.filter((reply) => {
        if (!reply) return false;
        if (action === "status") return !!reply.open_files;
        if (reply.open_files) return false;
        if (action === "closeall") return !reply.action;
        return reply.action
          ? action === "open" && reply.path === command.path
          : reply.status === "error";
      });
      const last = mine.at(-1);
      const early = action === "closeall" && commands.length > 1;
      if (!last || early) {
        // Silence, recorded for 20 to 35 s: a deadline ends it. So it does with a closeall that was
        // recorded during an open: here it is not sent before that has ended.
        b.wait(limits.ack);
        b.wait(limits.done);
        b.wait(limits.ack);
        expect(b.results[seq]?.at(-1)).toBe("timeout");
      } else if (last.status === "error") {
        expect(b.results[seq]).toEqual(["sent", "error"]);
        expect(b.ends[seq]?.answer).toEqual(last);
      } else if (last.status === "ack") {
        b.wait(limits.done);
        expect(b.results[seq]).toEqual(["sent", "ack", "timeout"]);
        expect(b.ends[seq]?.stage).toBe(2);
      } else if (action === "open") {
        const paths = commands.flatMap((other) => (other.action === "open" ? [other.path] : []));
        b.hear({ status: "done", open_files: { [command.project_id]: paths } });
        b.hear({ status: "done", open_files: { [command.project_id]: paths } });
        expect(b.results[seq]?.filter((state, i, all) => all.indexOf(state) === i)).toEqual([
          "sent",
          "ack",
          "done",
        ]);
        expect(b.ends[seq]).toMatchObject({ found: true, path: command.path });
        expect(b.ends[seq]?.answer).toMatchObject({ status: "done", path: command.path });
      } else {
        expect(b.results[seq]).toEqual(["sent", "done"]);
        expect(mine).toContainEqual(b.ends[seq]?.answer);
      }
    }
    b.wait(limits.done);
    b.wait(limits.done);
    expect(b.engine.book.ops).toEqual([]);
  });

  test("commands that were not given get nothing", () => {
    if (commands.length) return;
    const b = bench().hear(...heard.filter((reply) => reply !== undefined));
    expect(b.results).toEqual({});
    expect(name).toBeTruthy();
  });
});
