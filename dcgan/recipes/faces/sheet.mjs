// Puts many faces into one picture.

import { encode } from './png.mjs';
import { SIDE } from './painter.mjs';

const COLUMNS = 24;

// `faces`: pixels of each face, as `paint` returns them.
export function sheet(faces) {
  const width = COLUMNS * SIDE;
  const height = Math.ceil(faces.length / COLUMNS) * SIDE;
  const rgb = Buffer.alloc(width * height * 3, 255);
  faces.forEach((face, index) => {
    const [left, top] = [(index % COLUMNS) * SIDE, Math.floor(index / COLUMNS) * SIDE];
    for (let y = 0; y < SIDE; y++) {
      face.copy(rgb, ((top + y) * width + left) * 3, y * SIDE * 3, (y + 1) * SIDE * 3);
    }
  });
  return encode(width, height, rgb);
}
