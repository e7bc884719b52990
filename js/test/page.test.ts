// @vitest-environment happy-dom
// The page as a whole, between a mock kernel and a mock CoCalc, on a clock of our own.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import wire from "../../tests/fixtures/wire.json";
import { closeall, file, limits, open, P1, status } from "./helpers";
import { clearStages, Kiosk, ORIGIN, setStage, welcome } from "./stage";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  clearStages();
  vi.useRealTimers();
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

describe("hello", () => {
  test("is said until the welcome comes, with the keys of the fixture", async () => {
    const s = setStage();
    await s.wait(2000);
    const hellos = s.sent.length;
    expect(hellos).toBeGreaterThan(3);
    expect(Object.keys(s.sent[0] as object)).toEqual(Object.keys(wire.to_kernel.hello));
    s.tell(welcome);
    await s.wait(10_000);
    expect(s.sent.filter((m) => m.type === "hello")).toHaveLength(hellos);
  });

  test.each([null, undefined, 1, "hello", [], {}, { type: 1 }, { type: "news" }])(
    "%j of the kernel does nothing",
    async (junk) => {
      const s = setStage();
      await s.start();
      const sent = s.sent.length;
      s.tell(junk);
      await s.wait(100);
      expect(s.sent).toHaveLength(sent);
      s.tell(open(1, "a.md"));
      await s.wait(100);
      expect(s.end(1).state).toBe("done");
    },
  );

  test("without an answer ends in words, and at last in silence", async () => {
    const s = setStage();
    s.view();
    await s.wait(20_000);
    expect(s.line()).toMatch(/kernel is busy or gone/);
    await s.wait(100_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a kernel that has gone is said to be, whatever CoCalc does meanwhile", async () => {
    const s = setStage();
    await s.start();
    s.kiosk.mute = true; // so that the frame is probed, and there is news of it all the time
    s.tell(open(1, "a.md"));
    s.emit("comm_live_update");
    await s.wait(8000);
    for (let n = 0; n < 200; n++) {
      expect(s.line()).toMatch(/kernel is busy or gone/);
      await s.wait(100);
    }
    s.tell(welcome); // it was only busy
    await s.wait(10);
    expect(s.line()).not.toMatch(/kernel/);
  });

  test("a repeated welcome and repeated commands change nothing", async () => {
    const s = setStage();
    await s.start();
    s.tell(open(1, "a.md"));
    s.tell(welcome);
    s.tell(open(1, "a.md"));
    await s.wait(100);
    expect(s.kiosk.heard.filter((m) => m.action === "open")).toHaveLength(1);
    expect(s.of(1).map((m) => m.state)).toEqual(["done"]);
    s.tell(open(1, "a.md")); // as the kernel does with what it has not heard the end of
    s.tell(open(2, "b.md"));
    await s.wait(200);
    expect(s.of(1)).toHaveLength(1);
    expect(s.kiosk.heard.filter((m) => m.action === "open").map((m) => m.path)).toEqual([
      "a.md",
      "b.md",
    ]);
  });

  test("what ends within milliseconds tells no steps; what takes longer does", async () => {
    const s = setStage();
    await s.start();
    s.tell(status(1));
    await s.wait(5);
    expect(s.of(1).map((m) => m.state)).toEqual(["done"]);
    s.kiosk.mute = true;
    s.tell(open(2, "a.md"));
    await s.wait(100);
    expect(s.of(2).map((m) => m.state)).toEqual(["sent"]);
    s.kiosk.say({ status: "ack", action: "open", project_id: P1, path: "a.md" });
    await s.wait(100);
    expect(s.of(2).map((m) => m.state)).toEqual(["sent", "ack"]);
    expect(s.state()).toMatchObject({ pending: 1 });
  });

  test("what happens in one moment makes one message, its state first", async () => {
    const s = setStage();
    await s.start();
    const about = () =>
      s.posts.splice(0).map((post) => {
        const all = (post as { messages?: typeof s.sent }).messages ?? [post];
        return all.map((m) => (m.type === "result" ? m.state : m.type)).join(" ");
      });
    about();
    s.tell({ type: "batch", messages: [open(1, "a.md"), open(2, "b.md"), status(3)] });
    await s.wait(200);
    const [first, second, ...more] = about();
    expect(first).toMatch(/^state .*done/);
    expect(second).toMatch(/^state (log )*done (log )*done( log)*$/);
    expect(more.join()).toMatch(/^(log)?$/);
    s.kiosk.files = {};
    s.tell(status(4));
    await s.wait(50);
    expect(about()).toEqual(["state done"]);
  });

  describe("what the widget was made with", () => {
    const early = (more: object = {}) => ({ ...welcome, channel: "", at: Date.now(), ...more });
    const made = (more: object = {}) => setStage(undefined, { early: early(more) as never });

    test("has CoCalc loaded before the kernel has answered, which hears of it afterwards", async () => {
      const s = made({
        channel: "messages",
        desired: [{ project_id: P1, path: "a.md", url: "u" }],
      });
      s.view();
      await s.wait(1);
      const frame = s.frame();
      expect(frame.src).toBe(welcome.home);
      s.load();
      await s.wait(1000);
      expect(s.kiosk.files).toEqual({ [P1]: ["a.md"] });
      expect(new Set(s.sent.map((m) => m.type))).toEqual(new Set(["hello"]));
      s.tell(welcome);
      await s.wait(100);
      expect(s.frame()).toBe(frame);
      expect(s.told()).toEqual(["opened"]);
      expect(s.state()).toMatchObject({ ready: true, generation: 1 });
    });

    test("gives way to what the kernel says, and nothing of it is told", async () => {
      const s = made({
        channel: "messages",
        desired: [{ project_id: P1, path: "a.md", url: "u" }],
      });
      s.view();
      s.load();
      await s.wait(1000);
      s.tell({ ...welcome, channel: "navigation", place: `${ORIGIN}/other` });
      await s.wait(100);
      expect(s.frame().src).toBe(`${ORIGIN}/other`);
      expect(document.querySelectorAll("iframe")).toHaveLength(1);
      expect(s.told()).toEqual([]);
      expect(s.state()).toMatchObject({ channel: "navigation" });
    });

    test("is kept where the kernel means the same place, and left where it means another", async () => {
      const s = made({ channel: "navigation", place: `${ORIGIN}/a` });
      s.view();
      await s.wait(1);
      const frame = s.frame();
      expect(frame.src).toBe(`${ORIGIN}/a`);
      s.tell({ ...welcome, channel: "navigation", place: `${ORIGIN}/a` });
      await s.wait(10);
      expect(s.frame()).toBe(frame);
      const other = made({ channel: "navigation", place: `${ORIGIN}/a` });
      other.view();
      other.tell({ ...welcome, channel: "blocked" });
      await other.wait(10);
      expect(document.querySelectorAll("iframe")).toHaveLength(1); // of the first stage
    });

    test("leaves the channel to the page's address", async () => {
      const s = made();
      s.view();
      await s.wait(1);
      const answered = location.protocol === "https:" && !location.port;
      expect(s.frame().src).toBe(answered ? welcome.home : welcome.place);
    });

    test("counts for a moment only: a saved notebook has no kernel", async () => {
      const s = made({ at: Date.now() - 20_000 });
      s.view();
      await s.wait(100);
      expect(document.querySelector("iframe")).toBeNull();
    });

    test("has the deadlines of the welcome", async () => {
      const kiosk = new Kiosk();
      kiosk.stuck = true;
      const s = setStage(kiosk, { early: early({ channel: "messages" }) as never });
      s.view();
      s.load();
      s.tell({ ...welcome, deadlines: { ...welcome.deadlines, done: 2000 } });
      await s.wait(1000);
      s.tell(open(1, "a.md"));
      await s.wait(2500);
      expect(s.end(1)).toMatchObject({ state: "timeout", at: 2 });
    });
  });

  test("a hundred commands at once make a handful of messages", async () => {
    const s = setStage();
    await s.start();
    s.posts.length = 0;
    const messages = Array.from({ length: 100 }, (_, i) => open(i + 1, `${i}.md`));
    s.tell({ type: "batch", messages });
    await s.wait(1000);
    for (let seq = 1; seq <= 100; seq++) expect(s.end(seq)).toMatchObject({ state: "done" });
    expect(s.posts.length).toBeLessThan(12);
  });

  test("what CoCalc tells in a row is gathered; a result in the midst of it is not kept", async () => {
    const s = setStage();
    await s.start();
    s.posts.length = 0;
    for (let n = 0; n < 40; n++) {
      s.kiosk.whisper(P1, `${n}.md`);
      await s.wait(15);
    }
    expect(s.posts.length).toBeLessThan(16);
    s.tell(status(1));
    await s.wait(5);
    expect(s.end(1)).toMatchObject({ state: "done" });
    expect(s.sent.filter((m) => m.type === "log")).toHaveLength(40);
  });
});

describe("messages", () => {
  test("carry an open all the way; the state comes before the result", async () => {
    const s = setStage();
    await s.start();
    s.tell(open(1, "a.md"));
    await s.wait(100);
    expect(s.end(1)).toMatchObject({ state: "done", listed: true });
    const [log] = s.sent.filter((m) => m.type === "log");
    expect(log).toMatchObject({ name: "opened", project_id: P1, path: "a.md", generation: 1 });
    expect(log?.heard).toBeGreaterThan(s.end(1).posted as number);
    expect(s.state()).toMatchObject({
      channel: "messages",
      ready: true,
      open_files: { [P1]: ["a.md"] },
    });
    expect(Object.keys(s.state()).sort()).toEqual(Object.keys(wire.to_kernel.state).sort());
    const done = s.sent.findIndex((m) => m.type === "result" && m.state === "done");
    expect(s.sent.findIndex((m) => m.open_files?.[P1])).toBeLessThan(done);
    expect([...s.kiosk.targets]).toEqual([ORIGIN]);
  });

  test("wait for connected, not for the load or the first reply", async () => {
    const kiosk = new Kiosk();
    kiosk.connected = "connecting";
    const s = setStage(kiosk);
    await s.start();
    s.tell(open(1, "a.md"));
    await s.wait(5000);
    expect(s.of(1)).toEqual([]);
    expect(s.state()).toMatchObject({ channel: "booting", ready: false, pending: 1 });
    kiosk.connected = "connected";
    await s.wait(3000);
    expect(s.end(1).state).toBe("done");
  });

  test("of another source or another origin change nothing", async () => {
    const kiosk = new Kiosk();
    kiosk.listening = false;
    const s = setStage(kiosk);
    await s.start();
    const forged = { status: "done", connection: { status: "connected" }, open_files: {} };
    kiosk.say(forged, "https://evil.test");
    kiosk.say(forged, `${ORIGIN}.evil.test`);
    kiosk.say(forged, ORIGIN, window);
    kiosk.say(forged, ORIGIN, null);
    await s.wait(50);
    expect(s.state().ready).toBe(false);
    kiosk.say(forged);
    await s.wait(50);
    expect(s.state().ready).toBe(true);
  });

  test("of the project's log count from this frame and this origin alone", async () => {
    const kiosk = new Kiosk();
    const s = setStage(kiosk);
    await s.start();
    const event = { event: "open", action: "open", filename: "a.md" };
    const line = { event, id: "line", project_id: P1, time: "2026-11-25T22:19:45.343Z" };
    const whisper = { source: "cocalc-project-log", payload: { project_log: line } };
    const told = () => s.sent.filter((message) => message.type === "log");
    kiosk.say(whisper, "https://evil.test");
    kiosk.say(whisper, `${ORIGIN}.evil.test`);
    kiosk.say(whisper, "null");
    kiosk.say(whisper, ORIGIN, window);
    kiosk.say(whisper, ORIGIN, null);
    await s.wait(100);
    expect(told()).toEqual([]);
    kiosk.say(whisper);
    await s.wait(100);
    expect(told()).toMatchObject([{ name: "opened", path: "a.md" }]);
  });

  test("are never posted to a frame whose document has not come yet", async () => {
    const kiosk = new Kiosk();
    Object.defineProperty(kiosk.location, "href", { value: "about:blank" });
    const s = setStage(kiosk);
    await s.start();
    await s.wait(5000);
    expect(kiosk.targets.size).toBe(0);
  });
});

describe("generations", () => {
  test("a reload re-sends what is in flight and brings the files back", async () => {
    const s = setStage();
    await s.start();
    s.tell(open(1, "a.md"));
    await s.wait(100);
    s.kiosk.mute = true;
    s.tell(open(2, "b.md"));
    await s.wait(100);
    s.kiosk.mute = false;
    s.kiosk.files = {};
    s.kiosk.heard = [];
    s.load();
    await s.wait(10);
    expect(s.line()).toBe("Reconnecting …");
    expect(s.state()).toMatchObject({ ready: false, generation: 2, channel: "messages" });
    await s.wait(1000);
    expect(s.kiosk.heard.filter((m) => m.action === "open").map((m) => m.path)).toEqual([
      "a.md",
      "b.md",
    ]);
    expect(s.end(2).state).toBe("done");
    expect(s.state().open_files).toEqual({ [P1]: ["a.md", "b.md"] });
  });

  test("each document is one: the second load counts also where nobody was heard", async () => {
    const kiosk = new Kiosk();
    kiosk.listening = false;
    const s = setStage(kiosk);
    await s.start();
    expect(s.state()).toMatchObject({ generation: 1, loads: 1 });
    s.load();
    await s.wait(20);
    expect(s.state()).toMatchObject({ generation: 2, loads: 2 });
    kiosk.listening = true;
    s.load();
    await s.wait(1000);
    expect(s.state()).toMatchObject({ generation: 3, loads: 3, ready: true });
  });

  test("whoever is heard before the first load came from the document before", async () => {
    const s = setStage();
    s.view();
    s.tell(welcome);
    await s.wait(500); // it answers, and the browser has not said yet that it has loaded
    expect(s.state()).toMatchObject({ generation: 1, ready: true });
    s.load();
    await s.wait(20);
    expect(s.state()).toMatchObject({ generation: 2, ready: false, loads: 1 });
    await s.wait(500);
    expect(s.state()).toMatchObject({ generation: 2, ready: true });
  });

  test("the first load of a frame that nobody was heard in yet is no other document", async () => {
    const s = setStage();
    s.view();
    s.tell(welcome);
    await s.wait(10);
    s.load();
    await s.wait(1000);
    expect(s.state()).toMatchObject({ generation: 1, loads: 1, ready: true });
  });

  test("a new one has all the time to say its first word", async () => {
    const kiosk = new Kiosk();
    kiosk.listening = false;
    const s = setStage(kiosk);
    await s.start();
    await s.wait(5000);
    s.load();
    await s.wait(7000);
    expect(s.told()).toEqual([]);
    await s.wait(3000);
    expect(s.told()).toEqual(["silent"]);
  });

  test("what was known of the old one's connection is not told of the new one", async () => {
    const s = setStage();
    await s.start();
    expect(s.state()).toMatchObject({ connection: { status: "connected" } });
    s.kiosk.listening = false;
    s.load();
    await s.wait(20);
    expect(s.state()).toMatchObject({ connection: {}, ready: false });
  });

  test("a frame that is sent somewhere has not loaded, whatever it did before", async () => {
    const s = setStage();
    await s.start({ channel: "navigation" });
    s.load();
    await s.wait(20);
    expect(s.state()).toMatchObject({ loads: 2, generation: 2 });
    s.tell({ type: "steer", url: file("b.md").url });
    await s.wait(20);
    expect(s.state()).toMatchObject({ loads: 0, generation: 3 });
    s.load();
    await s.wait(20);
    expect(s.state()).toMatchObject({ loads: 1, generation: 3 });
  });

  test("a listener that vanishes and comes back is reconnected to", async () => {
    const s = setStage();
    await s.start();
    s.kiosk.listening = false;
    s.tell(status(1));
    await s.wait(6000);
    expect(s.end(1).state).toBe("timeout");
    expect(s.line()).toBe("Reconnecting …");
    s.kiosk.listening = true;
    await s.wait(3000);
    expect(s.state()).toMatchObject({ ready: true, generation: 1, channel: "messages" });
  });

  test("after a sign-in by token it is the one after CoCalc's own reload", async () => {
    const s = setStage();
    await s.start({ token: true });
    expect(s.sent.some((m) => m.type === "want-token")).toBe(true);
    expect(s.frame().src).toBe("");
    const url = `${ORIGIN}/app?auth_token=T&fullscreen=kiosk`;
    s.tell({ type: "token", seq: 7, url, then: "" });
    expect(s.kiosk.visited).toEqual([url]);
    expect(s.frame().src).toBe(welcome.home);
    s.load();
    s.tell(open(1, "a.md"));
    await s.wait(2500);
    expect(s.of(1)).toEqual([]);
    s.load();
    await s.wait(500);
    expect(s.end(1).state).toBe("done");
    expect(JSON.stringify(s.sent)).not.toContain("auth_token");
    expect(document.documentElement.outerHTML).not.toContain("auth_token");
  });

  test("a sign-in without a reload is accepted after a while", async () => {
    const s = setStage();
    await s.start({ token: true });
    s.tell({ type: "token", seq: 7, url: `${ORIGIN}/app?auth_token=T`, then: "" });
    s.load();
    await s.wait(8000);
    expect(s.state().ready).toBe(true);
  });

  test("a sign-in page that redirects is followed by the kiosk page", async () => {
    const s = setStage();
    await s.start({ token: true });
    s.tell({
      type: "token",
      seq: 7,
      url: `${ORIGIN}/auth/impersonate?auth_token=T`,
      then: welcome.home,
    });
    s.load();
    await s.wait(100);
    expect(s.kiosk.visited).toEqual([`${ORIGIN}/auth/impersonate?auth_token=T`]);
    expect(document.documentElement.outerHTML).not.toContain("auth_token");
    s.load();
    await s.wait(100);
    expect(s.frame().src).toBe(welcome.home);
  });

  test("a sign-in is over before the frame is steered", async () => {
    const s = setStage();
    s.tell({ ...welcome, channel: "navigation", token: true });
    s.view();
    await s.wait(10);
    const url = `${ORIGIN}/app?auth_token=T`;
    s.tell({ type: "token", seq: 7, url, then: "" });
    s.tell({ type: "steer", url: file("b.md").url });
    await s.wait(1000);
    expect(s.frame().src).toBe(welcome.home);
    s.load();
    await s.wait(1000);
    expect(s.frame().src).toBe(welcome.home);
    expect(s.kiosk.visited).toEqual([url]);
    s.load();
    await s.wait(10);
    expect(s.frame().src).toBe(file("b.md").url);
    expect(s.end(7)).toMatchObject({ state: "done" });
  });

  test("a token in an app URL that is not taken is told", async () => {
    const s = setStage();
    await s.start();
    s.tell({ type: "token", seq: 7, url: `${ORIGIN}/app?auth_token=T`, then: "" });
    s.load(); // and never again: who is signed in makes CoCalc load itself once more
    await s.wait(3000);
    expect(s.of(7)).toEqual([]);
    await s.wait(3000);
    expect(s.end(7)).toMatchObject({ state: "error" });
    await s.wait(30_000);
    expect(s.of(7)).toHaveLength(1);
    s.tell(open(1, "a.md")); // it goes on as whoever was signed in
    await s.wait(200);
    expect(s.end(1)).toMatchObject({ state: "done", listed: true });
    expect(JSON.stringify(s.sent)).not.toContain("auth_token");
  });

  test("a kernel without time for the token does not hold up the frame", async () => {
    const s = setStage();
    await s.start({ token: true });
    await s.wait(9000);
    expect(s.frame().src).toBe(welcome.home);
  });
});

describe("looking after CoCalc", () => {
  /** How often its listener is asked in so many milliseconds. */
  const asked = async (s: ReturnType<typeof setStage>, ms: number) => {
    const statuses = () => s.kiosk.heard.filter((m) => m.action === "status").length;
    const before = statuses();
    await s.wait(ms);
    return statuses() - before;
  };

  test("while nothing happens it is asked every few seconds", async () => {
    const s = setStage();
    await s.start();
    await s.wait(10_000);
    const times = await asked(s, 60_000);
    expect(times).toBeGreaterThanOrEqual(10);
    expect(times).toBeLessThanOrEqual(14);
  });

  test("it is asked more often while an open is not answered", async () => {
    const s = setStage();
    await s.start();
    await s.wait(10_000);
    s.kiosk.mute = true;
    s.tell(open(1, "a.md"));
    await s.wait(5000);
    expect(await asked(s, 6000)).toBeGreaterThanOrEqual(3);
    expect(s.of(1).map((m) => m.state)).toEqual(["sent"]);
  });

  test("but not while one that it has taken goes on", async () => {
    const s = setStage();
    await s.start();
    s.kiosk.stuck = true;
    s.tell(open(1, "a.md"));
    await s.wait(10_000);
    expect(s.end(1).state).toBe("ack");
    expect(await asked(s, 30_000)).toBeLessThanOrEqual(7);
  });

  test("one that is still connecting is asked soon, and then less and less often", async () => {
    const kiosk = new Kiosk();
    kiosk.connected = "connecting";
    const s = setStage(kiosk);
    await s.start();
    expect(await asked(s, 1000)).toBeGreaterThanOrEqual(10);
    await s.wait(30_000);
    const times = await asked(s, 60_000);
    expect(times).toBeGreaterThanOrEqual(28);
    expect(times).toBeLessThanOrEqual(32);
  });

  test("one that falls silent during an open is not waited for until it is asked again", async () => {
    const s = setStage();
    await s.start();
    while (!(await asked(s, 50)));
    s.kiosk.listening = false;
    s.tell(open(1, "a.md"));
    await s.wait(limits.status + 700);
    expect(s.told()).toEqual(["silent"]);
    expect(s.state()).toMatchObject({ ready: false });
  });

  test("what is no answer does not count as one", async () => {
    const kiosk = new Kiosk();
    kiosk.listening = false;
    const s = setStage(kiosk);
    await s.start();
    for (let n = 0; n < 10; n++) {
      kiosk.whisper(P1, "a.md");
      kiosk.say({ source: "cocalc", status: "ok" });
      await s.wait(1000);
    }
    expect(s.told().filter((name) => name !== "opened")).toEqual(["silent"]);
  });

  test("without a view there is none, and nothing to load again", async () => {
    const s = setStage();
    const view = await s.start();
    view.close();
    await s.wait(20);
    expect(s.state()).toMatchObject({ view: false, ready: false, connection: {}, generation: 1 });
    s.tell({ type: "reload" });
    s.tell({ type: "steer", url: file("a.md").url });
    await s.wait(20);
    expect(s.state()).toMatchObject({ view: false, generation: 1 });
    s.view();
    await s.wait(20);
    expect(s.frame().src).toBe(file("a.md").url);
  });

  test("a view without CoCalc's listener asks nobody", async () => {
    const s = setStage();
    await s.start({ channel: "navigation" });
    expect(await asked(s, 30_000)).toBe(0);
  });
});

describe("silence", () => {
  test("of a listener that never comes is told, and that it has come after all", async () => {
    const kiosk = new Kiosk();
    kiosk.listening = false;
    const s = setStage(kiosk);
    await s.start();
    s.tell(open(1, "a.md"));
    await s.wait(6000);
    expect(s.told()).toEqual([]); // it takes 1 to 7 s (recordings)
    await s.wait(3000);
    expect(s.told()).toEqual(["silent"]);
    kiosk.listening = true;
    await s.wait(3000);
    expect(s.told().slice(0, 2)).toEqual(["silent", "heard"]);
    expect(s.end(1)).toMatchObject({ state: "done", listed: true });
    expect(s.states().every((m) => m.channel !== "navigation")).toBe(true);
  });

  test("of one that was there is told sooner", async () => {
    const s = setStage();
    await s.start();
    s.kiosk.listening = false;
    s.tell(status(1));
    await s.wait(limits.status + 1500);
    expect(s.told()).toEqual(["silent"]);
    expect(s.state()).toMatchObject({ channel: "messages", ready: false });
    s.tell({ type: "reload" });
    s.kiosk.listening = true;
    s.load();
    await s.wait(1000);
    expect(s.state()).toMatchObject({ ready: true });
  });

  test("of one that was there is noticed also while nothing happens", async () => {
    const s = setStage();
    await s.start();
    s.posts.length = 0;
    await s.wait(60_000);
    expect(s.posts).toEqual([]); // looked after, and nothing to tell
    s.kiosk.listening = false;
    await s.wait(12_000);
    expect(s.told()).toEqual(["silent"]);
    expect(s.state()).toMatchObject({ ready: false });
    s.kiosk.listening = true;
    await s.wait(3000);
    expect(s.told()).toEqual(["silent", "heard"]);
    expect(s.state()).toMatchObject({ ready: true });
  });

  test("a connection that CoCalc has lost is no readiness", async () => {
    const s = setStage();
    await s.start();
    s.kiosk.connected = "disconnected";
    s.tell(status(1));
    await s.wait(100);
    expect(s.state()).toMatchObject({ ready: false, connection: { status: "disconnected" } });
    s.tell(open(2, "a.md"));
    await s.wait(1000);
    expect(s.kiosk.heard.some((m) => m.action === "open")).toBe(false);
    s.kiosk.connected = "connected";
    await s.wait(3000);
    expect(s.end(2)).toMatchObject({ state: "done" });
  });

  test("of an open of the page's own is told", async () => {
    const s = setStage();
    s.kiosk.mute = true;
    await s.start({ desired: [file("a.md")] });
    await s.wait(limits.ack);
    const news = s.sent.find((m) => m.name === "unanswered");
    expect(news).toMatchObject({ detail: { project_id: P1 } });
  });

  test("the kernel has the status line, and gives an open more time", async () => {
    const s = setStage();
    await s.start();
    s.kiosk.stuck = true;
    s.tell(open(1, "a.md"));
    await s.wait(limits.done - 1000);
    s.tell({ type: "say", mood: "wait", words: "Starting the project …", more: true });
    await s.wait(limits.done - 1000);
    expect(s.line()).toBe("Starting the project …");
    expect(s.end(1).state).toBe("ack");
    s.tell({ type: "say", mood: "good", words: "", more: false });
    await s.wait(2000);
    expect(s.line()).toBe("cocalc.test");
    expect(s.end(1)).toMatchObject({ state: "timeout", at: 2 });
  });
});

describe("other channels", () => {
  test("a steered frame goes where it is sent, and nothing is posted into it", async () => {
    const s = setStage();
    await s.start({ channel: "navigation", place: file("a.md").url });
    expect(s.frame().src).toBe(file("a.md").url);
    expect(s.state()).toMatchObject({ channel: "navigation", ready: false, loads: 1 });
    s.tell({ type: "steer", url: file("b.md").url });
    await s.wait(20);
    expect(s.frame().src).toBe(file("b.md").url);
    expect(s.state()).toMatchObject({ loads: 0 });
    s.load();
    s.kiosk.whisper(P1, "b.md"); // it tells any page
    await s.wait(100);
    expect(s.state()).toMatchObject({ loads: 1 });
    expect(s.told()).toEqual(["opened"]);
    await s.wait(60_000);
    expect(s.told()).toEqual(["opened"]);
    expect(s.kiosk.targets.size).toBe(0);
    s.tell({ type: "reload" });
    await s.wait(20);
    expect(s.state()).toMatchObject({ loads: 0 });
  });

  test.each([
    ["messages", welcome.home],
    ["navigation", file("x.md").url],
  ] as const)("%s: what is loaded first is what is loaded again", async (channel, url) => {
    const s = setStage();
    await s.start({ channel, place: file("x.md").url });
    expect(s.frame().src).toBe(url);
    s.frame().src = "about:blank";
    s.tell({ type: "reload" });
    expect(s.frame().src).toBe(url);
  });

  test("from messages to steering: what the kernel carries on is forgotten here", async () => {
    const kiosk = new Kiosk();
    kiosk.listening = false;
    const s = setStage(kiosk);
    await s.start({ desired: [file("a.md")] });
    s.tell(open(1, "b.md"));
    await s.wait(9000);
    s.tell({ type: "steer", url: file("b.md").url });
    await s.wait(20);
    expect(s.frame().src).toBe(file("b.md").url);
    kiosk.listening = true;
    await s.wait(limits.ready);
    expect(kiosk.heard).toEqual([]);
    expect(s.of(1)).toEqual([]);
    expect(s.state()).toMatchObject({ channel: "navigation", pending: 0 });
    const { el } = s.view();
    (el.querySelector("button") as HTMLElement).click();
    await s.wait(10);
    expect(s.frame().src).toBe(file("b.md").url);
  });

  test("a tab is opened by name; a blocked one waits for the button", async () => {
    const opened = vi.fn(() => null as unknown);
    vi.stubGlobal("open", opened);
    const s = setStage();
    await s.start({ channel: "tab", place: file("x.md").url });
    expect(s.frame()).toBeNull();
    expect(opened).not.toHaveBeenCalled();
    s.tell({ type: "steer", url: file("a.md").url });
    s.tell({ type: "say", mood: "warn", words: "In a tab, and why.", more: false });
    await s.wait(10);
    expect(s.told()).toEqual(["popup"]);
    expect(s.line()).toMatch(/blocked the tab/);
    opened.mockReturnValue({});
    document.querySelector("button")?.click();
    await s.wait(20);
    expect(s.told()).toEqual(["popup", "visited"]);
    expect(s.line()).toBe("In a tab, and why.");
    expect(document.querySelector("p")?.textContent).toBe("In a tab, and why.");
    expect(opened.mock.lastCall?.[0 as never]).toBe(file("a.md").url);
    vi.unstubAllGlobals();
  });

  test.each([0, 6000])(
    "a tab is signed in first, then shows the file (%i ms later)",
    async (ms) => {
      const opened = vi.fn((_url: string) => ({}) as unknown);
      vi.stubGlobal("open", opened);
      const s = setStage();
      await s.start({ channel: "tab", token: true });
      expect(s.sent.some((m) => m.type === "want-token")).toBe(true);
      const url = `${ORIGIN}/app?auth_token=T`;
      s.tell({ type: "token", seq: 7, url, then: "" });
      await s.wait(ms);
      s.tell({ type: "steer", url: file("a.md").url });
      await s.wait(10_000); // longer than anybody waits for a token
      expect(opened.mock.calls.map(([to]) => to)).toEqual([url, file("a.md").url]);
      expect(JSON.stringify(s.sent)).not.toContain("auth_token");
      s.tell({ type: "bye" });
      await s.wait(10);
      expect(vi.getTimerCount()).toBe(0);
      vi.unstubAllGlobals();
    },
  );

  test.each([100, 9000])("a tab waits for the token it was promised (%i ms)", async (ms) => {
    const opened = vi.fn((_url: string) => ({}) as unknown);
    vi.stubGlobal("open", opened);
    const s = setStage();
    s.view();
    const steer = { type: "steer", url: file("a.md").url };
    s.tell({
      type: "batch",
      messages: [{ ...welcome, channel: "tab", token: true }, steer],
    });
    await s.wait(50);
    expect(opened).not.toHaveBeenCalled();
    await s.wait(ms);
    const url = `${ORIGIN}/app?auth_token=T`;
    s.tell({ type: "token", seq: 7, url, then: "" });
    await s.wait(4000);
    const calls = opened.mock.calls.map(([to]) => to);
    // A kernel may have no time for the token: the file is not held up for ever.
    expect(calls).toEqual(ms < 8000 ? [url, file("a.md").url] : [file("a.md").url]);
    vi.unstubAllGlobals();
  });

  test("blocked: a reason instead of a frame", async () => {
    const s = setStage();
    const { el } = await s.start({ channel: "blocked" });
    s.tell({ type: "say", mood: "warn", words: "Not from here.", more: false });
    await s.wait(10);
    expect(s.frame()).toBeNull();
    expect(el.querySelector("p")?.textContent).toBe("Not from here.");
  });
});

describe("signing in", () => {
  const url = `${ORIGIN}/app?auth_token=T&fullscreen=kiosk`;
  const sign = (more = {}) => ({ type: "token", seq: 7, url, then: "", ...more });
  const wants = (s: ReturnType<typeof setStage>) =>
    s.sent.filter((m) => m.type === "want-token").length;

  test("a token is asked for only where one was promised", async () => {
    const s = setStage();
    await s.start();
    expect(wants(s)).toBe(0);
    const other = setStage();
    await other.start({ token: true });
    expect(wants(other)).toBe(1);
    other.view().close();
    await other.wait(100);
    expect(wants(other)).toBe(1);
  });

  test("a token that is promised later is asked for at once where there is a frame", async () => {
    const s = setStage();
    await s.start();
    s.tell({ ...welcome, token: true });
    await s.wait(20);
    expect(wants(s)).toBe(1);
  });

  test("and else as soon as there is one", async () => {
    const s = setStage();
    s.tell(welcome);
    s.tell({ ...welcome, token: true });
    await s.wait(20);
    expect(wants(s)).toBe(0);
    s.view();
    await s.wait(20);
    expect(wants(s)).toBe(1);
    expect(s.frame().src).toBe("");
  });

  test("the frame is not moved while it signs in, and then it goes where it was sent", async () => {
    const s = setStage();
    await s.start({ channel: "navigation" });
    s.tell(sign());
    s.tell({ type: "steer", url: file("b.md").url });
    await s.wait(20);
    expect(s.frame().src).toBe(welcome.home);
    s.load();
    s.load();
    await s.wait(20);
    expect(s.frame().src).toBe(file("b.md").url);
    s.load();
    await s.wait(60_000);
    expect(s.of(7).map((m) => m.state)).toEqual(["done"]); // once, and nobody asks again
    expect(s.frame().src).toBe(file("b.md").url);
  });

  test("a sign-in that never ends is given up, and the frame goes on", async () => {
    const kiosk = new Kiosk();
    kiosk.listening = false;
    const s = setStage(kiosk);
    await s.start({ token: true });
    s.tell(sign({ then: welcome.home }));
    await s.wait(15_000);
    expect(s.of(7)).toEqual([]);
    await s.wait(10_000);
    expect(s.end(7)).toMatchObject({ state: "error" });
    kiosk.listening = true;
    s.load();
    await s.wait(3000);
    expect(s.state().ready).toBe(true);
  });

  test("a frame that waited in vain for its token may be moved all the same", async () => {
    const s = setStage();
    const { el } = await s.start({ channel: "navigation", token: true });
    s.tell({ type: "steer", url: file("a.md").url });
    await s.wait(1000);
    expect(s.frame().src).toBe("");
    expect(el.querySelector("a")?.href).toBe(file("a.md").url); // the link need not wait
    await s.wait(8000);
    expect(s.frame().src).toBe(file("a.md").url);
    s.tell({ type: "steer", url: file("b.md").url });
    await s.wait(20);
    expect(s.frame().src).toBe(file("b.md").url);
  });

  test("a view that takes over from one that waited for its token is loaded once", async () => {
    const s = setStage();
    const first = await s.start({ token: true });
    await s.wait(2000);
    first.close();
    s.view();
    await s.wait(20);
    s.load();
    await s.wait(1000);
    expect(s.state()).toMatchObject({ ready: true, generation: 1, loads: 1 });
    await s.wait(10_000);
    expect(s.state()).toMatchObject({ ready: true, generation: 1, loads: 1 });
  });

  test("the end does not wait for a token", async () => {
    const s = setStage();
    await s.start({ token: true });
    s.tell({ type: "bye" });
    await s.wait(20);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("where CoCalc loads itself again nothing else does", async () => {
    const s = setStage();
    await s.start({ token: true });
    s.tell(sign());
    s.load();
    s.load();
    await s.wait(1000);
    expect(s.end(7)).toMatchObject({ state: "done" });
    expect(s.state()).toMatchObject({ loads: 2, ready: true });
  });

  test("the time of a sign-in that is over does not end the next one", async () => {
    const s = setStage();
    await s.start({ token: true });
    s.tell(sign());
    s.load();
    s.load();
    await s.wait(15_000);
    expect(s.end(7)).toMatchObject({ state: "done" });
    s.kiosk.listening = false;
    s.tell(sign({ seq: 8 }));
    await s.wait(10_000);
    expect(s.of(8)).toEqual([]);
  });

  test("a page that only redirects is left after a while, and the token was taken", async () => {
    const s = setStage();
    await s.start({ token: true });
    s.kiosk.listening = false;
    s.tell(sign({ url: `${ORIGIN}/auth/impersonate?auth_token=T`, then: welcome.home }));
    s.load();
    await s.wait(2000);
    expect(s.of(7)).toEqual([]);
    await s.wait(2000);
    expect(s.of(7).map((m) => m.state)).toEqual(["done"]);
    await s.wait(60_000);
    expect(s.of(7)).toHaveLength(1);
  });

  test("a sign-in that came with the widget has a number of its own", async () => {
    const s = setStage();
    await s.start({ token: true });
    s.tell(sign({ seq: 0 }));
    s.load();
    s.load();
    await s.wait(100);
    expect(s.end(-1)).toMatchObject({ state: "done" });
  });

  test("a tab is signed in once", async () => {
    const opened = vi.fn((_url: string) => ({}) as unknown);
    vi.stubGlobal("open", opened);
    const s = setStage();
    await s.start({ channel: "tab", token: true, place: file("x.md").url });
    s.tell(sign());
    s.tell({ type: "steer", url: file("a.md").url });
    await s.wait(5000);
    s.tell({ type: "steer", url: file("b.md").url });
    await s.wait(5000);
    const to = opened.mock.calls.map(([where]) => where);
    expect(to).toEqual([url, file("a.md").url, file("b.md").url]);
    expect(s.state()).toMatchObject({ loads: 0, generation: 0 });
    vi.unstubAllGlobals();
  });
});

describe("views", () => {
  test("the link leads to the file that is on top, and never to a sign-in", async () => {
    const s = setStage();
    const { el } = await s.start({ token: true });
    const link = () => el.querySelector("a")?.href;
    s.tell({ type: "token", seq: 7, url: `${ORIGIN}/app?auth_token=T`, then: "" });
    await s.wait(20);
    expect(link()).toBe(welcome.home);
    s.load();
    s.load();
    await s.wait(500);
    s.tell(open(1, "a.md"));
    await s.wait(200);
    expect(link()).toBe(file("a.md").url);
    s.tell(open(2, "b.md"));
    await s.wait(200);
    expect(link()).toBe(file("b.md").url);
    s.tell(closeall(3));
    await s.wait(200);
    expect(link()).toBe(welcome.home);
    s.tell({ type: "steer", url: file("c.md").url });
    await s.wait(20);
    expect(link()).toBe(file("c.md").url);
  });

  test("the words of the kernel show at once, and where the channel goes on too", async () => {
    const s = setStage();
    await s.start();
    s.tell({ type: "steer", url: file("c.md").url });
    s.tell({ type: "say", mood: "warn", words: "By URLs now.", more: false });
    await s.wait(20);
    expect(s.line()).toBe("By URLs now.");
    expect(s.state()).toMatchObject({ channel: "navigation" });
    s.tell({ type: "say", mood: "good", words: "", more: false });
    await s.wait(20);
    expect(s.line()).toBe("cocalc.test");
  });

  test("a frame that is scrolled out of view is told, and one that is back", async () => {
    type Seen = (entries: { isIntersecting: boolean }[]) => void;
    const observers: { seen: Seen; observed: Set<unknown> }[] = [];
    class Observer {
      observed = new Set<unknown>();
      constructor(readonly seen: Seen) {
        observers.push(this);
      }
      observe = (frame: unknown) => this.observed.add(frame);
      unobserve = (frame: unknown) => this.observed.delete(frame);
      disconnect = () => this.observed.clear();
    }
    vi.stubGlobal("IntersectionObserver", Observer);
    const s = setStage();
    const view = await s.start();
    const [sight] = observers as [(typeof observers)[0]];
    expect([...sight.observed]).toEqual([s.frame()]);
    expect(s.state().offscreen).toBe(false);
    sight.seen([{ isIntersecting: true }, { isIntersecting: false }]);
    await s.wait(20);
    expect(s.state().offscreen).toBe(true);
    sight.seen([{ isIntersecting: false }, { isIntersecting: true }]);
    await s.wait(20);
    expect(s.state().offscreen).toBe(false);
    sight.seen([{ isIntersecting: false }]);
    view.close();
    await s.wait(20);
    expect(s.state()).toMatchObject({ view: false, offscreen: false });
    expect(sight.observed.size).toBe(0);
    s.view();
    await s.wait(20);
    expect([...sight.observed]).toEqual([s.frame()]);
    s.tell({ type: "bye" });
    expect(sight.observed.size).toBe(0);
    vi.unstubAllGlobals();
  });

  test("a browser that does not tell what is in view is no obstacle", async () => {
    vi.stubGlobal("IntersectionObserver", undefined);
    const s = setStage();
    const view = await s.start();
    expect(s.state()).toMatchObject({ ready: true, offscreen: false });
    view.close();
    s.tell({ type: "bye" });
    await s.wait(20);
    expect(s.state()).toMatchObject({ channel: "closed" });
    vi.unstubAllGlobals();
  });

  test("a frame without a URL yet has not loaded anything", async () => {
    const s = setStage();
    s.view();
    s.tell({ ...welcome, token: true });
    await s.wait(10);
    s.load(); // the empty document that every frame begins with
    await s.wait(20);
    expect(s.state()).toMatchObject({ loads: 0, generation: 0, view: true });
  });

  test("what one moved to another place had to do is not done in the old one", async () => {
    const s = setStage();
    const first = await s.start({ token: true });
    first.close(); // it waited for the token
    await s.wait(20_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(s.kiosk.heard).toEqual([]);
  });
});

describe("more of the views", () => {
  test("one is live, the others offer to take over; no reload without need", async () => {
    const s = setStage();
    const first = await s.start();
    const frame = s.frame();
    const second = s.view();
    expect(s.frame()).toBe(frame);
    expect(second.el.textContent).toMatch(/Shown above/);
    second.el.querySelector("button")?.click();
    expect(first.el.querySelector("iframe")).toBeNull();
    expect(first.el.textContent).toMatch(/Shown below/);
    expect(second.el.querySelector("iframe")).not.toBeNull();
  });

  test("when the live one goes, the next takes over with the files", async () => {
    const s = setStage();
    const first = await s.start();
    const second = s.view();
    s.tell(open(1, "a.md"));
    await s.wait(100);
    s.kiosk.files = {};
    first.close();
    await s.wait(1);
    expect(second.el.querySelector("iframe")?.src).toBe(welcome.home);
    s.load();
    await s.wait(1000);
    expect(s.state()).toMatchObject({ ready: true, open_files: { [P1]: ["a.md"] } });
  });

  test("without any view commands end, and the kernel knows why", async () => {
    const s = setStage();
    s.tell(welcome);
    s.tell(open(1, "a.md"));
    await s.wait(limits.ready + 10);
    expect(s.end(1)).toMatchObject({ state: "timeout", at: 0 });
    expect(s.state().view).toBe(false);
    s.view();
    await s.wait(100);
    expect(s.state().view).toBe(true);
  });

  test("put the frame into a sandbox only where asked to", async () => {
    const open = setStage();
    await open.start();
    expect(open.frame().hasAttribute("sandbox")).toBe(false);
    document.body.replaceChildren();
    const closed = setStage(new Kiosk(), { sandbox: "allow-scripts allow-same-origin" });
    await closed.start();
    expect(closed.frame().getAttribute("sandbox")).toBe("allow-scripts allow-same-origin");
  });

  test("have names for screen readers, and the frame no more rights than it needs", async () => {
    const s = setStage();
    const { el } = await s.start();
    expect(s.frame().title).toBe("CoCalc");
    expect(s.frame().allow).toBe("clipboard-read; clipboard-write; fullscreen");
    expect(s.frame().referrerPolicy).toBe("origin");
    expect(el.querySelector("a")?.target).toBe("_blank");
    expect(el.querySelector("a")?.href).toBe(welcome.home);
    expect((el.firstChild as HTMLElement).style.height).toBe("400px");
  });
});

describe("ends", () => {
  test.each(["bye", "abort"])(
    "by %s: all is settled, no timer and no post is left",
    async (how) => {
      const s = setStage();
      const { el } = await s.start();
      s.kiosk.mute = true;
      s.tell(open(1, "a.md"));
      s.tell(closeall(2));
      await s.wait(10);
      if (how === "bye") s.tell({ type: "bye" });
      else s.life.abort();
      await s.wait(10);
      expect([s.end(1).state, s.end(2).state]).toEqual(["cancelled", "cancelled"]);
      expect(s.state()).toMatchObject({ channel: "closed", ready: false, pending: 0 });
      expect(el.querySelector("iframe")).toBeNull();
      expect(el.textContent).toMatch(/Run the cell again/);
      expect(vi.getTimerCount()).toBe(0);
      const count = s.kiosk.heard.length;
      s.tell(open(3, "b.md"));
      s.kiosk.say({ status: "done", open_files: {} });
      await s.wait(60_000);
      expect(s.kiosk.heard).toHaveLength(count);
      expect(s.of(3)).toEqual([]);
    },
  );

  test("of the last view: nothing is posted, and a new view starts again", async () => {
    const s = setStage();
    const view = await s.start();
    view.close();
    const count = s.kiosk.heard.length;
    await s.wait(30_000);
    expect(s.kiosk.heard).toHaveLength(count);
    s.view();
    await s.wait(1);
    s.load();
    await s.wait(1000);
    expect(s.state()).toMatchObject({ ready: true, channel: "messages" });
  });

  test("a comm that throws does not throw here", async () => {
    const s = setStage();
    await s.start();
    s.sent.push = () => {
      throw new Error("Cannot send");
    };
    s.tell(open(1, "a.md"));
    await s.wait(100);
    expect(s.kiosk.files[P1]).toEqual(["a.md"]);
  });
});

test("two widgets on one page do not hear each other", async () => {
  const one = setStage();
  await one.start();
  const states = one.sent.length;
  const other = new Kiosk();
  other.say({ status: "done", connection: {}, open_files: { [P1]: ["theirs.md"] } });
  await one.wait(100);
  expect(one.sent).toHaveLength(states);
});
