// Draws a set.
//
//   node make.mjs --set faces --modules DIR --out DIR --train N --test N
//
// --modules: a directory where the packages of package-lock.json are installed. --train and --test: numbers of
// pictures. The output is the same, byte for byte, on every machine.

import { parseArgs } from 'node:util';

import { write } from './dataset.mjs';
import { Painter } from './painter.mjs';
import { SETS } from './sets.mjs';

const OPTIONS = ['set', 'modules', 'out', 'train', 'test'];

function count(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a number from 1`);
  return value;
}

try {
  const options = Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({ options });
  const set = Object.hasOwn(SETS, values.set) ? SETS[values.set] : undefined;
  if (!set) throw new Error(`--set takes one of ${Object.keys(SETS).join(', ')}`);
  if (!values.modules || !values.out) throw new Error('--modules DIR and --out DIR are needed');
  const [train, test] = ['train', 'test'].map((name) => count(name, values[name]));
  write(await Painter.load(set, values.modules), values.out, train, test);
} catch (error) {
  console.error(`make.mjs: ${error.message.split('\n')[0]}`);
  process.exitCode = 2;
}
