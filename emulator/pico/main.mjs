// An emulated Raspberry Pi Pico with Waveshare's Pico-LCD-1.3, built on rp2040js.
//
//   node main.mjs --rp2040js DIR --image FILE.uf2 --qmp SOCKET [--entropy N] [--down KEY]...
//
// It boots the UF2 image that a user copies to a Pico, and has the interface of QEMU: standard output carries
// the program's log, a socket accepts QEMU's machine protocol (qmp.mjs), and the processor is halted until
// told to continue. The exit status is 101 when the watchdog fires, and 2 when the program did something that
// would fail on a real panel or chip.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Board } from './board.mjs';
import { Machine } from './machine.mjs';
import { serve } from './qmp.mjs';
import { flashFrom } from './uf2.mjs';

const { values } = parseArgs({
  options: {
    rp2040js: { type: 'string' },
    image: { type: 'string' },
    qmp: { type: 'string' },
    entropy: { type: 'string', default: '1' },
    down: { type: 'string', multiple: true, default: [] },
  },
});

try {
  const flash = flashFrom(readFileSync(values.image));
  const board = new Board(values.rp2040js, flash, Number(values.entropy));
  values.down.forEach((key) => board.keys.down(key));
  serve(values.qmp, board, new Machine(board));
} catch (error) {
  console.error(`${values.image}: ${error.message}`);
  process.exitCode = 2;
}
