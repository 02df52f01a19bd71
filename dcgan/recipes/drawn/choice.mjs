// Chooses attributes from a seed. Every attribute has a name and depends only on that name and the seed: none
// depends on the order of the others, and fixing one leaves the others unchanged.

import { createHash } from 'node:crypto';

export function choices(seed) {
  // A number from 0 to count - 1.
  const number = (name, count) => {
    const digest = createHash('sha256').update(`${seed}/${name}`).digest();
    return Math.floor((digest.readUInt32BE() * count) / 2 ** 32);
  };
  return {
    number,
    pick: (name, list) => list[number(name, list.length)],
    chance: (name, percent) => number(name, 100) < percent,
  };
}
