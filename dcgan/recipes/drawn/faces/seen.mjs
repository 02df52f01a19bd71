// Whether a mouth or a beard is visible on the skin.

import { channels, differ, mixed } from '../color.mjs';

const WHITE = [255, 255, 255];

// The style draws white over skin and beards, and draws beards not quite opaque.
const face = (skin) => mixed(channels(skin), WHITE, 0.1);

export const mouthIsSeen = (mouth, skin) => differ(channels(mouth), face(skin));

export function beardIsSeen(hair, skin) {
  const beard = mixed(channels(hair), WHITE, 0.3);
  return differ(mixed(face(skin), beard, 0.9), face(skin));
}
