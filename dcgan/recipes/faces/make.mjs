// Draws the faces.
//
//   node make.mjs --modules DIR --out DIR --faces N
//
// --modules: a directory where the packages of package-lock.json are installed. The output is the same, byte
// for byte, on every machine.

import { parseArgs } from 'node:util';

import { write } from './dataset.mjs';
import { Painter } from './painter.mjs';

try {
  const string = { type: 'string' };
  const { values } = parseArgs({ options: { modules: string, out: string, faces: string } });
  if (!values.modules || !values.out) throw new Error('--modules DIR and --out DIR are needed');
  const count = Number(values.faces);
  if (!Number.isInteger(count) || count < 1) throw new Error('--faces takes a number from 1');
  write(await Painter.load(values.modules), values.out, count);
} catch (error) {
  console.error(`faces: ${error.message.split('\n')[0]}`);
  process.exitCode = 2;
}
