// Colours as red, green and blue, and whether one is visible on another.

// Smallest visible difference, summed over the three channels. A smaller one is hard to see in two or three
// pixels.
const SEEN = 48;

// The channels of six hexadecimal digits.
export const channels = (color) => [0, 2, 4].map((at) => parseInt(color.slice(at, at + 2), 16));

export const mixed = (color, other, share) =>
  color.map((value, at) => value * (1 - share) + other[at] * share);

export function differ(color, other) {
  return color.reduce((sum, value, at) => sum + Math.abs(value - other[at]), 0) >= SEEN;
}
