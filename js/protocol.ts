// Owns the wire: kernel ↔ page (tests/fixtures/wire.json) and page ↔ CoCalc's kiosk page, declared once.

export const PROTOCOL = 2;

export const OPEN = "open";
export const CLOSEALL = "closeall";
export const STATUS = "status";
export const DONE = "done";
export const MESSAGES = "messages";
export const NAVIGATION = "navigation";
export const TAB = "tab";
export const BLOCKED = "blocked";

export type OpenFiles = Record<string, string[]>;

/** A file of a project, with the URL that shows it on its own. */
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
}

export type Verdict = typeof MESSAGES | typeof NAVIGATION | typeof TAB | typeof BLOCKED;
export type ChannelName = "booting" | Verdict | "closed";
export type Mood = "wait" | "good" | "warn" | "bad";

export interface Welcome {
  type: "welcome";
  protocol: number;
  origin: string;
  home: string; // where CoCalc listens to messages
  place: string; // what is shown where nobody does
  channel: Verdict;
  token: boolean;
  desired: FileRef[];
  deadlines: Deadlines;
}

/** What the widget is made with: the likely welcome, where "" leaves the channel to the page. */
export type Early = Omit<Welcome, "channel"> & { channel: Verdict | ""; at: number };

export type Command =
  | ({ type: "command"; seq: number; action: "open" } & FileRef)
  | { type: "command"; seq: number; action: "closeall" | "status" };

export type ToPage =
  | Welcome
  | Command
  | { type: "cancel"; seq: number }
  | { type: "token"; seq: number; url: string; then: string }
  | { type: "steer"; url: string }
  | { type: "reload" }
  | { type: "say"; mood: Mood; words: string; more: boolean }
  | { type: "bye" }
  | { type: "batch"; messages: ToPage[] };

export type Step = "sent" | "ack";
export type Final = typeof DONE | "error" | "timeout" | "cancelled";

export interface Result {
  type: "result";
  seq: number;
  state: Step | Final;
  at?: number; // where it was when its time was over: 0 not sent, 1 no answer, 2 not finished
  reply?: Reply;
  listed?: boolean | null; // CoCalc's list of open files has it
  posted?: number; // when CoCalc was told, on the page's clock
  opened_as?: string; // its name, if another
}

export interface State {
  type: "state";
  channel: ChannelName;
  ready: boolean; // CoCalc takes messages
  pending: number;
  generation: number; // of the documents in the frame
  loads: number; // of the URL that was set last; 0 while it loads
  view: boolean; // some cell shows the widget
  offscreen: boolean;
  connection: Record<string, string | number>;
  open_files: OpenFiles;
}

export type ToKernel =
  | { type: "hello"; protocol: number; page: string; ancestors: string[] | null }
  | { type: "want-token" }
  | ({ type: "log"; generation: number } & Log)
  | { type: "event"; name: string; detail: object }
  | Result
  | State
  | { type: "batch"; messages: ToKernel[] };

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

/** A line of a project's log, which CoCalc also posts to whatever page frames it (recordings). */
export interface Log {
  name: string; // "opened", "rendered", or CoCalc's own name for it
  id: string;
  project_id: string;
  path: string; // "" where it is not told: a rendering names its opening by the id
  time: string;
  heard: number; // on the page's clock
}

const LONGEST_NAME = 200;
const LONGEST_PATH = 4096;
const text = (x: unknown, most = LONGEST_NAME) => (isString(x) && x.length <= most ? x : "");

/** A clean copy of a line of the project's log, or undefined for whatever is none. Never throws. */
export const parseLog = (data: unknown, heard: number): Log | undefined => {
  try {
    const { source, payload } = data as { source: unknown; payload: { project_log: Fields } };
    if (source !== "cocalc-project-log") return;
    const line = payload.project_log;
    const event = line.event as Fields;
    const { event: kind, action, filename, time: took } = event;
    const path = text(filename, LONGEST_PATH);
    const isOpened = kind === OPEN && action === OPEN && path;
    const isRendered = kind === undefined && Number.isFinite(took);
    const name = isOpened ? "opened" : isRendered ? "rendered" : kind === OPEN ? "" : text(kind);
    const log = { name, id: text(line.id), project_id: text(line.project_id), path };
    if (name && log.id && log.project_id) return { ...log, time: text(line.time), heard };
  } catch {
    // none
  }
  return;
};
