import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';

import { adler32, crc32, encode } from '../png.mjs';

test('checksums are those of the standards', () => {
  assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926);
  assert.equal(adler32(Buffer.from('Wikipedia')), 0x11e60398);
});

for (const [width, height] of [[2, 3], [300, 200]]) {
  test(`${width} x ${height} pixels come back`, () => {
    const rgb = Buffer.alloc(width * height * 3).map((_, at) => at % 251);
    const png = encode(width, height, rgb);
    assert.equal(png.readUInt32BE(16), width);
    assert.equal(png.readUInt32BE(20), height);
    const length = png.readUInt32BE(33);
    assert.equal(png.toString('latin1', 37, 41), 'IDAT');
    assert.equal(png.readUInt32BE(41 + length), crc32(png.subarray(37, 41 + length)));
    const rows = inflateSync(png.subarray(41, 41 + length));
    for (let y = 0; y < height; y++) {
      const row = rows.subarray(y * (1 + width * 3), (y + 1) * (1 + width * 3));
      assert.equal(row[0], 0);
      assert.deepEqual(row.subarray(1), rgb.subarray(y * width * 3, (y + 1) * width * 3));
    }
  });
}
