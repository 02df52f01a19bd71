// Draws the faces.
//
//   node make.mjs --modules DIR --out DIR [--faces N] [--sheet FILE.png]
//
// --modules: a directory where the packages of package-lock.json are installed. The output is the same, byte
// for byte, on every machine. --sheet also writes a picture of the first faces side by side.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { write } from './dataset.mjs';
import { Painter } from './painter.mjs';
import { sheet } from './sheet.mjs';

try {
  const { values } = parseArgs({
    options: {
      modules: { type: 'string' },
      out: { type: 'string' },
      faces: { type: 'string', default: '10000' },
      sheet: { type: 'string' },
    },
  });
  if (!values.modules || !values.out) throw new Error('--modules DIR and --out DIR are needed');
  const count = Number(values.faces);
  if (!Number.isInteger(count) || count < 1) throw new Error('--faces takes a number from 1');
  const shown = write(await Painter.load(values.modules), values.out, count);
  if (values.sheet) writeFileSync(values.sheet, sheet(shown));
} catch (error) {
  console.error(`faces: ${error.message.split('\n')[0]}`);
  process.exitCode = 2;
}
