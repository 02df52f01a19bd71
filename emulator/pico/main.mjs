// An emulated Raspberry Pi Pico with Waveshare's Pico-LCD-1.3, on top of rp2040js.
//
//   node main.mjs --rp2040js DIR --image FILE.uf2 --qmp SOCKET [--entropy N] [--down KEY]...
//
// It boots the image that one copies to a Pico and is spoken to like QEMU: standard output has what
// the program logs, a socket takes QEMU's machine protocol (qmp.mjs), and the processor is halted
// until told to go on. It ends with status 101 when the watchdog fires, and with 2 when the program
// did what a panel or a chip would not forgive.

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
