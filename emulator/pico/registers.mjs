// Peripherals that rp2040js does not model.

// A peripheral whose registers return what was written.
export class Registers {
  constructor(initial = {}) {
    this.values = new Map(Object.entries(initial).map(([at, value]) => [Number(at), value]));
  }

  readUint32(offset) {
    return this.values.get(offset) ?? 0;
  }

  writeUint32Atomic(offset, value, kind) {
    const old = this.readUint32(offset);
    const change = [value, old ^ value, old | value, old & ~value];
    this.values.set(offset, change[kind] >>> 0);
  }
}

const STATUS = 0x18;
const RANDOM_BIT = 0x1c;
const STABLE_AND_ENABLED = (1 << 31) | (1 << 12);

// The ring oscillator (section 2.17). It is always stable, and its random bits follow from a seed, so that
// runs are reproducible.
export class RingOscillator extends Registers {
  constructor(entropy) {
    super();
    this.state = entropy >>> 0;
  }

  readUint32(offset) {
    if (offset === STATUS) return STABLE_AND_ENABLED >>> 0;
    if (offset === RANDOM_BIT) return this.bit();
    return super.readUint32(offset);
  }

  // The top bit of a step of mulberry32.
  bit() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 31;
  }
}
