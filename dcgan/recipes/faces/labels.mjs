// What is known of every face, as a table.

const NAMES = ['smile', 'long_hair', 'glasses', 'beard', 'hat', 'skin', 'hair'];

export const HEADER = ['file', ...NAMES].join(',');

export const fileOf = (index) => `${String(index).padStart(5, '0')}.png`;

// A line of the table. What is or is not so is 1 or 0.
export function row(index, labels) {
  const values = NAMES.map((name) => labels[name]);
  const words = values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
  return [fileOf(index), ...words].join(',');
}
