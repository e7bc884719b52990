// Owns the DOM of one view: the frame, and the thin line below it that says how things are.

import type { Mood } from "./protocol";

export const createView = (el: HTMLElement, sandbox?: string) => {
  const create = <K extends keyof HTMLElementTagNameMap>(tag: K, into: Element, text = "") => {
    const node = document.createElement(tag);
    node.textContent = text;
    into.append(node);
    return node;
  };
  const root = create("div", el);
  root.className = "cocalc-widget";
  const body = create("section", root);
  const bar = create("footer", root);
  create("i", bar); // a dot in the colour of the mood
  const line = create("span", bar);
  line.role = "status";
  const link = create("a", bar, "Open in new tab");
  link.target = "_blank";

  return {
    root,
    say(mood: Mood, words: string, url = "") {
      root.dataset.mood = mood;
      // Screen readers read it whenever it is set.
      if (line.textContent !== words) line.textContent = words;
      link.href = url;
      link.hidden = !url;
    },
    /** Instead of the frame: a sentence, and perhaps a button; returns what changes the sentence. */
    put(words: string, label = "", press = () => {}) {
      body.textContent = "";
      const line = create("p", body, words);
      if (label) create("button", body, label).onclick = press;
      return (other: string) => {
        line.textContent = other;
      };
    },
    frame() {
      body.textContent = "";
      const frame = create("iframe", body);
      frame.title = "CoCalc";
      frame.allow = "clipboard-read; clipboard-write; fullscreen";
      frame.referrerPolicy = "origin";
      if (sandbox) frame.setAttribute("sandbox", sandbox);
      return frame;
    },
  };
};

export type View = ReturnType<typeof createView>;
