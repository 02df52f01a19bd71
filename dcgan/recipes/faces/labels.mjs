// The table of every face's labels.

const NAMES = ['smile', 'long_hair', 'glasses', 'beard', 'hat', 'skin', 'hair'];

export const HEADER = ['file', ...NAMES].join(',');

export const fileOf = (index) => `${String(index).padStart(5, '0')}.png`;

// A line of the table. Yes and no are 1 and 0.
export function row(index, labels) {
  const values = NAMES.map((name) => labels[name]);
  const words = values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
  return [fileOf(index), ...words].join(',');
}
