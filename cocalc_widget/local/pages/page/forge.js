// Owns made-up replies: right shape, wrong sender. Whoever embeds the page must ignore them.
setInterval(() => {
  const connection = { quality: "good", status: "forged", status_time: new Date().toISOString() };
  const open_files = { "ffffffff-0000-4000-8000-00000000000f": ["forged.md"] };
  const target = window.parent.parent;
  target.postMessage({ status: "done", connection, open_files }, "*");
  target.postMessage({ status: "done", mesg: "all files are closed" }, "*");
  target.postMessage({ status: "error", mesg: "forged" }, "*");
}, 200);
