// Owns which reply belongs to which command: a pure state machine, no DOM, no clock, no timers.
//
// CoCalc's replies carry no ids, come out of order, or do not come (the rules are from its source
// and from recordings). What follows from that:
//  - opens and closeall form one queue. At most one of it is un-acked, so that an error without
//    `action` has one possible owner; opens that were acked overlap and are known by
//    (project_id, path); closeall waits for every open before it.
//  - status has a lane of its own: one request in flight, recognised by `open_files`.
//  - what timed out may still be answered. Such ghosts make anonymous replies ambiguous: an
//    ambiguous error settles nothing, an ambiguous status or closeall is asked once more.
//  - a new document gets back what was open, one file after the other, for the sake of their order.
//  - `done` of an open is followed by one status that tells whether the file is listed. Whether it
//    is shown is for the kernel to judge, by what CoCalc tells of its own accord.

import { type Book, createBook, type Event, type Op, Stage, same } from "./book";
import {
  CLOSEALL,
  type Command,
  type Deadlines,
  DONE,
  type FileRef,
  OPEN,
  type Post,
  STATUS,
} from "./protocol";
import { createHearing } from "./replies";

/** All times are in milliseconds of one clock that never shows 0. */
export const createEngine = (limits: Deadlines, desired: FileRef[]) => {
  const book = createBook(limits, desired);
  const { post, tell, enter, create, settle, list } = book;
  const hear = createHearing(book, limits);

  const add = ({ seq, ...order }: Command) => {
    // An identical open joins the one under way, unless a closeall stands between.
    const twin = book.ops.findLast(
      (op) => op.action === CLOSEALL || (op.action === OPEN && same(op, order as FileRef)),
    );
    if (twin?.action !== OPEN) {
      book.ops.push(create(order, seq));
      return;
    }
    twin.seqs.push(seq);
    if (twin.stage > Stage.Queued) tell(twin, "sent", [seq]);
    if (twin.stage > Stage.Sent) tell(twin, "ack", [seq]);
  };

  const onFrame = () => {
    book.up = false;
    book.owed = book.asked = 0;
    book.ghosts = [];
    // Of our own there is what follows, and nothing else.
    book.ops = book.ops.filter((op) => op.seqs[0]);
    for (const op of book.ops) if (op.stage) enter(op, Stage.Queued, limits.ready);
    if (book.ops.some((op) => op.action === CLOSEALL)) return;
    const back = book.wanted.map((file) => create({ ...file, action: OPEN, held: true }));
    book.ops = [...back, ...book.ops];
  };

  const due = (op: Op) => (!op.stage && (book.up || !op.seqs[0]) ? Infinity : op.until);

  const expire = () => {
    if (book.asked && book.asked + limits.status <= book.time) {
      book.owed++;
      book.asked = 0;
      for (const op of list(Stage.Check)) op.until = book.time;
    }
    for (const op of book.ops.filter((op) => due(op) <= book.time)) {
      if (op.stage > Stage.Ack) {
        op.found = null;
        settle(op, DONE);
      } else if (op.held && op.stage === Stage.Ack) {
        // Perhaps somebody has to press "start project": the others need not wait for that.
        op.held = false;
        op.until += limits.done;
      } else {
        if (list(Stage.Sent).includes(op)) {
          book.ghosts.push(op);
          if (!op.seqs[0]) book.out.push({ unanswered: op });
        }
        settle(op, "timeout");
      }
    }
  };

  const pump = () => {
    const [next] = list(Stage.Queued);
    const holds = ({ action, stage, held, ...file }: Op) =>
      stage &&
      action !== STATUS &&
      (stage <= (held ? Stage.Ack : Stage.Sent) || same(file, next as Op));
    if (next && !book.ops.some(holds)) {
      const { action, project_id, path } = next;
      if (action === OPEN || book.ops.find((op) => op.action !== STATUS) === next) {
        next.limit = Math.min(next.limit, book.time + limits.ack + limits.done);
        enter(next, Stage.Sent, limits.ack);
        next.posted = book.time;
        post((action === OPEN ? { action, project_id, path } : { action }) as Post);
        tell(next, "sent");
      }
    }
    const waiting = list(Stage.Queued, true);
    const checks = list(Stage.Done);
    if (book.asked || !(book.looking || waiting[0] || checks[0])) return;
    book.asked = book.time;
    book.looking = false;
    post({ action: STATUS });
    for (const op of checks) op.stage = Stage.Check;
    for (const op of waiting) {
      enter(op, Stage.Sent, limits.status);
      tell(op, "sent");
    }
  };

  const drop = (seq: number) => {
    for (const op of book.ops.filter((op) => op.seqs.includes(seq))) {
      op.seqs = op.seqs.filter((other) => other !== seq);
      tell(op, "cancelled", [seq]);
      // CoCalc was not told yet: it need not be.
      if (!op.seqs[0] && !op.stage) book.ops = book.ops.filter((other) => other !== op);
    }
  };

  return {
    /** What one event at `time` brings about, in order. */
    step({ command, cancel, heard, frame, ready = book.up, more, end }: Event, time: number) {
      book.out = [];
      book.time = time;
      expire();
      if (command) add(command);
      if (cancel) drop(cancel);
      if (heard) hear(heard);
      if (frame) onFrame();
      else {
        if (book.up && !ready) {
          for (const op of list(Stage.Queued)) op.until = book.time + limits.ready;
        }
        book.up = ready;
      }
      if (more) for (const op of list(Stage.Ack)) op.until = op.limit = book.time + limits.done;
      if (end) for (const op of book.ops) settle(op, "cancelled");
      if (book.up) pump();
      return book.out;
    },
    /** Forget all: the kernel carries it on. */
    clear() {
      book.ops = book.wanted = [];
    },
    /** When the next "tick" is due; Infinity if nothing waits. */
    nextDeadline: () =>
      Math.min(book.asked ? book.asked + limits.status : Infinity, ...book.ops.map(due)),
    /** To be read only. */
    book: book as Readonly<Book>,
  };
};

export type Engine = ReturnType<typeof createEngine>;
