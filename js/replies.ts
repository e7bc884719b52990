// Owns what a reply means: whose it is, and what it changes in the book.

import { type Book, type Op, Stage, same } from "./book";
import { CLOSEALL, type Deadlines, DONE, type OpenFiles, type Reply, STATUS } from "./protocol";

/** What takes a reply of CoCalc's into the book. */
export const createHearing = (book: Book, limits: Deadlines) => {
  const { post, tell, enter, settle, list } = book;

  const verify = (op: Op, before: OpenFiles) => {
    const project_id = op.project_id as string;
    const open = book.files[project_id] ?? [];
    // A symlink opens under the name of its target: the one file that nobody else asked for.
    const fresh = open.filter(
      (path) =>
        !before[project_id]?.includes(path) &&
        ![...book.wanted, ...book.ops].some((file) => same(file, { project_id, path })),
    );
    const there = open.includes(op.path as string);
    const [name, another] = there ? [] : fresh;
    op.found = there || (!!name && !another);
    if (op.found) op.opened = name;
    settle(op, DONE);
  };

  const onStatus = (reply: Reply) => {
    const before = book.files;
    book.files = reply.open_files as OpenFiles;
    book.out.push({ seen: reply });
    if (book.owed) {
      // This may be the late answer to an earlier status: ask once more to be sure.
      book.owed--;
      if (book.asked) post({ action: STATUS });
      return;
    }
    book.asked = 0;
    for (const op of list(Stage.Sent, true)) {
      op.answer = reply;
      settle(op, DONE);
    }
    for (const op of list(Stage.Check)) verify(op, before);
    // What the user closed in CoCalc is not to come back at the next reload.
    if (book.up && !book.ops.length) {
      book.wanted = book.wanted.filter((file) => book.files[file.project_id]?.includes(file.path));
    }
  };

  const hear = (reply: Reply) => {
    const { status, action } = reply;
    const done = status === DONE;
    if (done && reply.open_files) return onStatus(reply);
    let [op] = list(Stage.Sent);
    if (action) {
      // It says whose it is.
      op = book.ops.find((op) => op.stage && same(op, reply));
      if (op && op.stage > Stage.Sent && (op.stage > Stage.Ack || status === "ack")) return;
      if (!op) {
        book.ghosts = book.ghosts.filter((ghost) => !same(ghost, reply));
        book.looking = true;
      }
    } else {
      // Anonymous: the un-acked command's, if nothing else can have caused it.
      if (done && op?.action !== CLOSEALL) op = undefined;
      const ghost = book.ghosts.find((ghost) => !done || ghost.action === CLOSEALL);
      if (ghost) {
        if (done || !op) book.ghosts = book.ghosts.filter((other) => other !== ghost);
        if (done && op) post({ action: CLOSEALL });
        op = undefined;
      }
    }
    if (!op) book.out.push({ late: reply });
    else if (status === "ack") {
      enter(op, Stage.Ack, op.held ? limits.status : limits.done);
      tell(op, "ack");
    } else {
      op.answer = reply;
      if (done && action) enter(op, Stage.Done, 2 * limits.status);
      else settle(op, status);
    }
  };

  return hear;
};
