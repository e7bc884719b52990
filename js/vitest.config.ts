// Owns how the page's tests run.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    include: ["js/test/**/*.test.ts"],
    testTimeout: 30_000,
  },
});
