// For tests: painters with the packages that `cargo run -p recipes -- toon` installed, or those in the directory
// DRAWN_PACKAGES.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Painter } from './painter.mjs';

const target = fileURLToPath(new URL('../../../target/drawn', import.meta.url));
const packages = process.env.DRAWN_PACKAGES ?? target;

// Why tests that draw are left out, or false.
export const missing =
  !existsSync(join(packages, 'node_modules')) && 'type cargo run -p recipes -- toon first';

export const painterOf = (set) => (missing ? undefined : Painter.load(set, packages));
