// The cache between the processor and flash (RP2040 data sheet, section 2.6.3): 16 KB, two ways,
// lines of 8 bytes. It only counts time: what is read is always right.

const SETS = 1024;

// Cycles of the processor to fetch a line: 6 clocks of address, 2 of mode, 4 of waiting and 16 of data
// on four wires, at half the processor's clock. Nobody publishes a figure; 400 ns have been measured.
const MISS = 2 * (6 + 2 + 4 + 16);

export class XipCache {
  constructor() {
    this.lines = new Int32Array(2 * SETS).fill(-1);
    this.oldest = new Uint8Array(SETS);
    this.last = -1;
    // Cycles that nobody has accounted for yet.
    this.cycles = 0;
    this.misses = 0;
  }

  // An offset into flash is read.
  touch(offset) {
    const line = offset >>> 3;
    if (line === this.last) return;
    this.last = line;
    const set = line & (SETS - 1);
    if (this.lines[2 * set] === line) {
      this.oldest[set] = 1;
    } else if (this.lines[2 * set + 1] === line) {
      this.oldest[set] = 0;
    } else {
      const way = this.oldest[set];
      this.lines[2 * set + way] = line;
      this.oldest[set] = 1 - way;
      this.cycles += MISS;
      this.misses += 1;
    }
  }

  // Cycles since the last call.
  take() {
    const { cycles } = this;
    this.cycles = 0;
    return cycles;
  }
}
