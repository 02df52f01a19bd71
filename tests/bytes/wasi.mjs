// Runs a program for WASI, which sees the computer's files: node wasi.mjs PROGRAM.wasm ARGUMENTS…

import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";
import { WASI } from "node:wasi";

const [, , program, ...options] = argv;
const wasi = new WASI({
  version: "preview1",
  args: [program, ...options],
  preopens: { "/": "/" },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
exit(wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject())));
