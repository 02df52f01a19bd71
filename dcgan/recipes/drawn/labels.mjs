// The tables of labels: a line for each picture.

export const fileOf = (index) => `${String(index).padStart(5, '0')}.png`;

export const header = (columns) => ['file', ...columns].join(',');

// A line of a table. Yes and no are 1 and 0.
export function row(columns, index, labels) {
  const values = columns.map((name) => labels[name]);
  const words = values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
  return [fileOf(index), ...words].join(',');
}
