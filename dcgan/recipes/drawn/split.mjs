// Which seeds make the pictures to train with, and which those to test with.

// What a picture is made of. Two pictures with the same recipe are the same picture.
export const recipe = ({ parts, colors }) => JSON.stringify([parts, colors]);

// The drawings of `train` seeds, then of `test` later ones. A seed whose recipe an earlier one has is left out, so
// that no picture to test with is among those to train with.
export function split(set, train, test) {
  const drawings = new Map();
  for (let index = 0; drawings.size < train + test; index++) {
    const drawing = { seed: set.seed(index), ...set.draw(set.seed(index)) };
    if (!drawings.has(recipe(drawing))) drawings.set(recipe(drawing), drawing);
  }
  const all = [...drawings.values()];
  return { train: all.slice(0, train), test: all.slice(train) };
}
