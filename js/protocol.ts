// Owns the wire: kernel ↔ page (tests/fixtures/wire.json) and page ↔ CoCalc's kiosk page, declared once.

export const PROTOCOL = 1;

export const OPEN = "open";
export const CLOSEALL = "closeall";
export const STATUS = "status";
export const DONE = "done";
export const MESSAGES = "messages";
export const NAVIGATION = "navigation";
export const TAB = "tab";
export const BLOCKED = "blocked";

export type OpenFiles = Record<string, string[]>;

/** A file of a project, with the kiosk URL that shows it. */
export interface FileRef {
  project_id: string;
  path: string;
  url: string;
}

/** All in milliseconds. */
export interface Deadlines {
  ack: number;
  done: number;
  status: number;
  ready: number;
  silent: number;
}

export type Verdict = typeof MESSAGES | typeof NAVIGATION | typeof TAB | typeof BLOCKED;
export type ChannelName = "booting" | Verdict | "closed";

export interface Welcome {
  type: "welcome";
  protocol: number;
  origin: string;
  home: string;
  channel: Verdict;
  reason: string;
  token: boolean;
  desired: FileRef[];
  deadlines: Deadlines;
  words: { silent: string; signed_out: string }; // the kernel knows more of why than we do
}

export type Command =
  | ({ type: "command"; seq: number; action: "open" } & FileRef)
  | { type: "command"; seq: number; action: "closeall" | "status" };

export type ToPage =
  | Welcome
  | Command
  | { type: "cancel"; seq: number }
  | { type: "token"; url: string; then: string }
  | { type: "bye" };

export type Step = "sent" | "ack";
export type Final = typeof DONE | "error" | "timeout" | "blocked" | "cancelled";

export interface Result {
  type: "result";
  seq: number;
  state: Step | Final;
  reply?: Reply;
  mesg?: string;
  verified?: boolean | null;
  why?: string;
}

export interface State {
  type: "state";
  channel: ChannelName;
  reason: string;
  ready: boolean;
  busy: boolean;
  pending: number;
  generation: number;
  connection: Record<string, string | number>;
  open_files: OpenFiles;
}

export type ToKernel =
  | { type: "hello"; protocol: number; page: string }
  | { type: "want-token" }
  | { type: "event"; name: string; detail: Reply }
  | Result
  | State;

/** What goes to CoCalc. Nothing else is ever posted into the frame. */
export type Post =
  | { action: "open"; project_id: string; path: string }
  | { action: "closeall" }
  | { action: "status" };

/** What CoCalc answers, cleaned: only known fields, of known types and sizes. */
export interface Reply {
  status: "ack" | "done" | "error";
  action?: string;
  project_id?: string;
  path?: string;
  mesg?: string;
  connection?: Record<string, string | number>;
  open_files?: OpenFiles;
}

type Fields = Record<string, unknown>;
const isString = (x: unknown): x is string => typeof x === "string";

const LONGEST = 1e6; // characters of a reply; a thousand open files are some 100,000
const FIELDS = ["status", "action", "project_id", "path", "mesg", "connection", "open_files"];

const isOpenFiles = (x: unknown) =>
  Object.values(x as object).every((paths) => Array.isArray(paths) && paths.every(isString));

/**
 * A clean copy of what CoCalc said, only what we know of it; undefined for what is no reply.
 * Never throws, whatever comes (cycles, numbers without end, hostile getters).
 */
export const parseReply = (data: unknown): Reply | undefined => {
  try {
    const known = FIELDS.map((name) => [name, (data as Fields)[name]]);
    const text = JSON.stringify(Object.fromEntries(known));
    const reply = text.length < LONGEST && JSON.parse(text);
    const { status, action, project_id, path, mesg = "", open_files = {} } = reply;
    // Only an open is named in replies, and then whole.
    const named = action === OPEN && isString(project_id) && isString(path);
    if (
      ["ack", DONE, "error"].includes(status) &&
      (named || action === undefined) &&
      isString(mesg) &&
      isOpenFiles(open_files)
    ) {
      return reply;
    }
  } catch {
    // no reply
  }
  return;
};
