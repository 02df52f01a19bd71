// The cache between the processor and flash (RP2040 data sheet, section 2.6.3): 16 KB, two ways, lines of 8
// bytes. It only counts time: the data read are always current.

const SETS = 1024;

// Processor cycles to fetch a line: 6 clocks of address, 2 of mode, 4 of waiting and 16 of data on four
// wires, at half the processor's clock. No official figure exists; 400 ns have been measured.
const MISS = 2 * (6 + 2 + 4 + 16);

export class XipCache {
  constructor() {
    this.lines = new Int32Array(2 * SETS).fill(-1);
    this.oldest = new Uint8Array(SETS);
    this.last = -1;
    // Cycles not yet returned by `take`.
    this.cycles = 0;
    this.misses = 0;
  }

  // Accounts for a read at an offset into flash.
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
