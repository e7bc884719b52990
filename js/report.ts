// Owns the report of how things are, that the kernel mirrors into its traits.

import type { Book } from "./book";
import { type FileRef, MESSAGES, NAVIGATION, type State, TAB } from "./protocol";
import type { Scene } from "./texts";

/** `shown`: the file that navigation or the tab shows; {} for none, undefined before anything is. */
export const toState = (
  { channel, reason, ready, everReady, generation, link }: Scene,
  { ops, files }: Book,
  shown?: Partial<FileRef>,
): State => {
  const pending = ops.flatMap((op) => op.seqs).length;
  const { project_id, path } = shown ?? {};
  const known = project_id && path ? { [project_id]: [path] } : {};
  const steered = channel === NAVIGATION || channel === TAB;
  return {
    type: "state",
    channel: channel === MESSAGES && !everReady ? "booting" : channel,
    reason: reason,
    ready: channel !== "closed" && (steered ? !!shown : ready),
    busy: pending > 0,
    pending,
    generation,
    connection: link,
    open_files: steered ? known : files,
  };
};
