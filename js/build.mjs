// Owns the bundle: js/widget.ts and js/widget.css into cocalc_widget/static, within size limits.

import { mkdir, rename, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";
import { minify } from "terser";

const STATIC = "cocalc_widget/static";
const WIDGET_LIMIT = 16_000; // bytes, minified,
const ZIPPED_LIMIT = 6_000; // and gzipped
const ENGINE_LIMIT = 2_200; // bytes, minified and gzipped

const settings = {
  bundle: true,
  charset: "utf8",
  format: "esm",
  target: "es2022",
  logLevel: "warning",
};

const inputs = new Set(); // what went into the bundles, and what they would load at run time

/** The minified bundle of some modules; esbuild joins them, terser gets 3% more out of it. */
const bundle = async (contents) => {
  const { outputFiles, metafile } = await build({
    ...settings,
    stdin: { contents, resolveDir: "js" },
    minify: true,
    write: false,
    metafile: true,
  });
  for (const name of Object.keys(metafile.inputs)) if (name !== "<stdin>") inputs.add(name);
  for (const { imports } of Object.values(metafile.outputs)) {
    for (const { path } of imports) inputs.add(path);
  }
  const compress = { passes: 3, unsafe_arrows: true, pure_getters: true, keep_fargs: false };
  const { code } = await minify(outputFiles[0].text, { module: true, ecma: 2020, compress });
  return Buffer.from(code);
};

/** Write a file in one go: a kernel may be reading the one before. */
const put = async (name, bytes) => {
  await mkdir(STATIC, { recursive: true });
  await writeFile(`${STATIC}/${name}.new`, bytes);
  await rename(`${STATIC}/${name}.new`, `${STATIC}/${name}`);
};

const report = (name, bytes, limit) => {
  console.log(`${name}: ${bytes} bytes${limit ? ` (limit ${limit})` : ""}`);
  if (bytes > limit) throw new Error(`${name} is over its limit of ${limit} bytes`);
};

if (process.argv.includes("--watch")) {
  // anywidget loads what changes here into open notebooks, if Jupyter runs with ANYWIDGET_HMR=1.
  const entryPoints = ["js/widget.ts", "js/widget.css"];
  const options = { ...settings, entryPoints, outdir: STATIC, sourcemap: "inline" };
  await (await context({ ...options, logLevel: "info" })).watch();
} else {
  const css = { ...settings, entryPoints: ["js/widget.css"], minify: true, write: false };
  const { outputFiles } = await build(css);
  const widget = await bundle('export { default } from "./widget";');
  const engine = await bundle('export { createEngine } from "./engine";');
  const bridge = await bundle('export { createBridge } from "./bridge"; export * from "./engine";');
  const bytes = {
    widget: widget.length,
    zipped: gzipSync(widget, { level: 9 }).length,
    engine: gzipSync(engine, { level: 9 }).length,
    bridge: gzipSync(bridge, { level: 9 }).length,
  };
  if (process.argv.includes("--report")) {
    console.log(JSON.stringify({ bytes, inputs: [...inputs] })); // for tests/bench: writes nothing
  } else {
    report("widget.js, minified", bytes.widget, WIDGET_LIMIT);
    report("widget.js, minified and gzipped", bytes.zipped, ZIPPED_LIMIT);
    report("engine, minified and gzipped", bytes.engine, ENGINE_LIMIT);
    report("engine and bridge, minified and gzipped", bytes.bridge);
    await put("widget.css", outputFiles[0].contents);
    await put("widget.js", widget);
  }
}
