// Colours of six hexadecimal digits, and whether one is visible on another.

const WHITE = [255, 255, 255];

// Smallest visible difference, summed over the three channels. A smaller one is hard to see in two or three
// pixels.
const SEEN = 48;

const channels = (color) => [0, 2, 4].map((at) => parseInt(color.slice(at, at + 2), 16));

const mixed = (color, other, share) =>
  color.map((value, at) => value * (1 - share) + other[at] * share);

function differ(color, other) {
  return color.reduce((sum, value, at) => sum + Math.abs(value - other[at]), 0) >= SEEN;
}

// The style draws white over skin and beards, and draws beards not quite opaque.
const face = (skin) => mixed(channels(skin), WHITE, 0.1);

export const mouthIsSeen = (mouth, skin) => differ(channels(mouth), face(skin));

export function beardIsSeen(hair, skin) {
  const beard = mixed(channels(hair), WHITE, 0.3);
  return differ(mixed(face(skin), beard, 0.9), face(skin));
}
