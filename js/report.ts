// Owns the report of how things are, that the kernel mirrors into its traits.

import type { Book } from "./book";
import { type FileRef, MESSAGES, NAVIGATION, type State, TAB } from "./protocol";
import type { Scene } from "./texts";

/** `shown`: the file that navigation or the tab shows; {} for none, undefined before anything is. */
export const toState = (
  { way, cause, ready, everReady, era, link }: Scene,
  { ops, files }: Book,
  shown?: Partial<FileRef>,
): State => {
  const pending = ops.flatMap((op) => op.seqs).length;
  const { project_id, path } = shown ?? {};
  const known = project_id && path ? { [project_id]: [path] } : {};
  const steered = way === NAVIGATION || way === TAB;
  return {
    type: "state",
    channel: way === MESSAGES && !everReady ? "booting" : way,
    reason: cause,
    ready: way !== "closed" && (steered ? !!shown : ready),
    busy: pending > 0,
    pending,
    generation: era,
    connection: link,
    open_files: steered ? known : files,
  };
};
