// Owns the page's tests, kept warm: `node meet.mjs` reads a fault a line (a file, its text, and the
// files of tests, in the order in which they are asked), and answers with who noticed it.

import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { createVitest } from "vitest/node";

let fault = { path: "", text: "" };

const answer = (told) => process.stdout.write(`@${JSON.stringify(told)}\n`);

/** The module with its fault, for whoever imports it. */
const faulty = {
  name: "faulty",
  enforce: "pre",
  load: (id) => (id.split("?")[0] === fault.path ? fault.text : undefined),
};

const vitest = await createVitest(
  "test",
  {
    config: resolve("js/vitest.config.ts"),
    watch: false,
    bail: 1,
    maxWorkers: 1,
    reporters: [{}],
    testTimeout: 15_000, // whoever asks has an eye on the clock, too
  },
  { plugins: [faulty] },
);
await vitest.standalone();

const failed = (task) => {
  if (task.result?.state !== "fail") return;
  for (const inner of task.tasks ?? []) {
    const found = failed(inner);
    if (found) return `${task.name} > ${found}`;
  }
  return task.name;
};

const ask = async (tests) => {
  for (const test of tests) {
    const path = resolve(test);
    const found = await vitest.globTestSpecifications([path]);
    if (!found.length) throw new Error(`${test} has no tests`);
    await vitest.runTestSpecifications(found);
    const files = vitest.state.getFiles().filter((file) => file.filepath === path);
    if (vitest.state.getUnhandledErrors().length) {
      vitest.state.errorsSet.clear();
      return `${test} (an error that no test has caught)`;
    }
    const by = files.map(failed).find(Boolean);
    if (by) return by;
    if (!files.some((file) => file.result?.state === "pass")) return `${test} (it did not end)`;
  }
  return "";
};

for await (const line of createInterface({ input: process.stdin })) {
  const { path, text, tests } = JSON.parse(line);
  if (fault.path) vitest.invalidateFile(fault.path);
  fault = { path: path && resolve(path), text };
  if (path) vitest.invalidateFile(fault.path);
  try {
    answer({ by: await ask(tests) });
  } catch (error) {
    answer({ error: String(error?.stack ?? error) });
  }
}
process.exit(0);
