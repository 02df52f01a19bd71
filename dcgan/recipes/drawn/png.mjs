// Encodes RGB pictures as PNG, without compression: compressors differ between machines, and a picture this
// small takes one disk block either way.

const BLOCK = 65535;

const CRC = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

export function adler32(bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

function word(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function chunk(name, content) {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  return Buffer.concat([word(content.length), named, word(crc32(named))]);
}

// A zlib stream of stored (uncompressed) blocks.
function stored(bytes) {
  const pieces = [Buffer.from([0x78, 0x01])];
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const piece = bytes.subarray(at, at + BLOCK);
    const header = Buffer.from([at + BLOCK >= bytes.length ? 1 : 0, 0, 0, 0, 0]);
    header.writeUInt16LE(piece.length, 1);
    header.writeUInt16LE(BLOCK - piece.length, 3);
    pieces.push(header, piece);
  }
  return Buffer.concat([...pieces, word(adler32(bytes))]);
}

// Encodes a PNG. `rgb`: three bytes per pixel, rows from the top.
export function encode(width, height, rgb) {
  const header = Buffer.concat([word(width), word(height), Buffer.from([8, 2, 0, 0, 0])]);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    rgb.copy(rows, y * (1 + width * 3) + 1, y * width * 3, (y + 1) * width * 3);
  }
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const chunks = [chunk('IHDR', header), chunk('IDAT', stored(rows)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}
