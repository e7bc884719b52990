// Owns the book of commands under way: their stages and deadlines, and what they leave open.

import {
  CLOSEALL,
  type Command,
  type Deadlines,
  DONE,
  type FileRef,
  type Final,
  OPEN,
  type OpenFiles,
  type Post,
  type Reply,
  STATUS,
  type Step,
} from "./protocol";

/** What happens; {} is a mere tick of the clock. */
export interface Event {
  command?: Command;
  cancel?: number; // a seq
  heard?: Reply; // from the frame
  frame?: true; // a new document: whatever the old one knew is gone
  more?: true; // the kernel is at it: what was acked may take its full time again
  ready?: boolean;
  end?: true; // hand back whatever is pending, as cancelled
}

/** What is to be done about it: one of these. */
export interface Effect {
  post?: Post;
  outcome?: { seqs: number[]; state: Step | Final; op: Op };
  seen?: Reply; // a status
  late?: Reply; // nobody waits for it any more
  unanswered?: Op; // one of our own that met silence
}

export enum Stage {
  Queued,
  Sent,
  Ack,
  Done, // waits for a status to be asked,
  Check, // and for its answer
}

/** A command under way; when it has ended, `stage` tells where that was. */
export interface Op extends Partial<FileRef> {
  action: Command["action"];
  seqs: number[]; // several after coalescing, none for our own
  stage: Stage;
  since: number; // when this stage began
  until: number; // deadline of this stage; a queued one has none while CoCalc is ready
  held?: boolean; // brings a file back: those after it wait for its end, for the sake of the order
  limit: number; // deadline over all reloads
  posted?: number; // when CoCalc was told
  answer?: Reply;
  found?: boolean | null; // a status has the file
  opened?: string | undefined; // the name under which CoCalc opened it, if another
}

export const same = (a: Partial<FileRef>, b: Partial<FileRef>) =>
  a.project_id === b.project_id && a.path === b.path;

/**
 * Files in the order of CoCalc's tabs, after one more was opened. The active one comes last: a
 * second time, if its tab is another than the last.
 */
const opened = (files: FileRef[], file: FileRef) => {
  const tabs = files.filter((one, i) => files.findIndex((other) => same(one, other)) === i);
  return same(tabs.at(-1) ?? {}, file) ? tabs : [...tabs, file];
};

export const createBook = (limits: Deadlines, wanted: FileRef[]) => {
  const book = {
    time: 0, // of the event that is being dealt with
    ops: [] as Op[],
    out: [] as Effect[],
    files: {} as OpenFiles, // what is open, as last heard
    wanted, // what should be open, the active one last
    ghosts: [] as Op[], // opens and closealls that timed out un-acked
    asked: 0, // when the status in flight was posted, 0 for none
    owed: 0, // statuses that timed out and may still be answered
    looking: false, // we want a status ourselves
    up: false, // CoCalc is ready

    post: (post: Post) => book.out.push({ post }),
    tell: (op: Op, state: Step | Final, seqs = op.seqs) =>
      book.out.push({ outcome: { seqs, state, op } }),
    enter(op: Op, stage: Stage, wait: number) {
      op.stage = stage;
      op.since = book.time;
      op.until = Math.min(book.time + wait, op.limit);
    },
    create(order: Pick<Op, "action" | "held">, ...seqs: number[]) {
      const op = { ...order, seqs, limit: Infinity } as Op;
      book.enter(op, Stage.Queued, limits.ready);
      return op;
    },
    settle(op: Op, state: Final) {
      const { action, project_id, path, opened: name, url } = op;
      book.ops = book.ops.filter((other) => other !== op);
      if (state === DONE) {
        if (action === CLOSEALL) {
          book.wanted = [];
          book.files = {};
        } else if (action === OPEN && op.found !== false && !op.held) {
          const file = { project_id, path: name ?? path, url } as FileRef;
          book.wanted = opened(book.wanted, file);
        }
      }
      book.tell(op, state);
    },
    /** The commands of one stage: the status ones, or those that move something. */
    list: (stage: Stage, status = false) =>
      book.ops.filter((op) => op.stage === stage && (op.action === STATUS) === status),
  };
  return book;
};

export type Book = ReturnType<typeof createBook>;
