// Owns the faults of the page that need more than a line: junk, noise, order, forgeries.

/** Before a reply: what no program should send, and what a careful one ignores. */
export function junk(event) {
  const cyclic = { status: "status", open_files: {} };
  cyclic.self = cyclic;
  const nonsense = [
    null, 0, "done", [], {}, { status: 7 }, { status: "done", open_files: "none" },
    { status: "ack" }, { status: "later", action: "open" }, cyclic,
    { status: "done", action: "open", path: "x".repeat(1 << 21), project_id: "none" },
    new Map([["status", "done"]]), new Date(), new ArrayBuffer(16),
  ];
  for (const message of nonsense) event.source?.postMessage(message, event.origin);
}

/** CoCalc's own messages, many of them. */
export function noise(project_id, count) {
  for (let i = 0; i < count; i++) {
    const event = { event: "noise", action: "open", filename: `noise-${i}.md` };
    const entry = { event, project_id, time: new Date().toISOString(), id: crypto.randomUUID() };
    const payload = { project_log: entry };
    window.parent.postMessage({ source: "cocalc-project-log", payload }, "*");
  }
}

/** Holds a done back until that of a later open was sent, or its time is over. */
export class ReversedDones {
  #release = null;

  async finish(done, seconds) {
    if (this.#release) {
      done();
      this.#release();
      this.#release = null;
      return;
    }
    await new Promise((go) => {
      this.#release = go;
      setTimeout(go, seconds * 1000);
    });
    this.#release = null;
    done();
  }
}

/** A frame inside the page that sends replies of its own making. */
export function forge(faults) {
  for (const name of ["forged-source", "forged-origin"]) {
    if (!(name in faults)) continue;
    const frame = document.createElement("iframe");
    if (name === "forged-origin") frame.setAttribute("sandbox", "allow-scripts");
    frame.src = "/local/page/forge.html";
    frame.hidden = true;
    document.body.append(frame);
  }
}
