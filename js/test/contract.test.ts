// Every recorded row, replayed: right command, right outcome; foreign messages ignored; silence ends.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Command, parseReply, type Reply } from "../protocol";
import { bench, limits, readyBench } from "./helpers";

interface Row {
  name: string;
  request?: unknown;
  replies?: { ms?: number; data: { status?: string; action?: string } }[];
}
const path = new URL("../../tests/contract/iframe.jsonl", import.meta.url);
const rows: Row[] = readFileSync(path, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

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

test("all 53 rows are there", () => expect(rows.length).toBe(53));

describe.each(rows.filter((row) => row.replies))("$name", ({ name, request, replies = [] }) => {
  const requests = name === "S1.two_opens_back_to_back" ? (request as unknown[]) : [request];
  const commands = requests.map(toCommand).filter((command) => command !== undefined);
  // Commands are numbered from 0 above; the wire begins at 1.
  for (const [i, command] of commands.entries()) command.seq = i + 1;
  const heard = replies.map(({ data }) => parseReply(data));

  test("what has a status is a reply, kept whole; the rest is not", () => {
    for (const [i, { data }] of replies.entries()) {
      if (data.status) expect(heard[i]).toEqual(data);
      else expect(heard[i]).toBeUndefined();
    }
  });

  test("the right command gets the right outcome", () => {
    const b = readyBench().give(...commands);
    b.posted();
    for (const [i, { ms = 0 }] of replies.entries()) {
      b.now = Math.max(b.now, ms + 1);
      b.step();
      if (heard[i]) b.hear(heard[i] as Reply);
    }
    for (const command of commands) {
      const { seq, action } = command;
      const mine = heard.filter(
        (reply) => reply && (action !== "open" || !reply.action || reply.path === command.path),
      );
      const last = mine.at(-1);
      if (!last) {
        // Silence, recorded for 20 to 35 s: a deadline ends it.
        b.wait(limits.ack);
        expect(b.results[seq]).toEqual(["sent", "timeout"]);
      } else if (last.status === "error") {
        expect(b.results[seq]).toEqual(["sent", "error"]);
        expect(b.ends[seq]?.answer).toEqual(last);
      } else if (action === "open") {
        const paths = commands.flatMap((other) => (other.action === "open" ? [other.path] : []));
        b.hear({ status: "done", open_files: { [command.project_id]: paths } });
        b.hear({ status: "done", open_files: { [command.project_id]: paths } });
        expect(b.results[seq]).toEqual(["sent", "ack", "done"]);
        expect(b.ends[seq]).toMatchObject({ found: true, answer: last, path: command.path });
      } else {
        expect(b.results[seq]).toEqual(["sent", "done"]);
        expect(b.ends[seq]?.answer).toEqual(last);
      }
    }
    expect(b.engine.book.ops).toEqual([]);
  });

  test("commands that were not given get nothing", () => {
    if (commands.length) return;
    const b = bench().hear(...heard.filter((reply) => reply !== undefined));
    expect(b.results).toEqual({});
  });
});
