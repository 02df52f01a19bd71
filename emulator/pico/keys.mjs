// The buttons of Waveshare's Pico-LCD-1.3, each of which connects its pin to ground.

const PINS = { a: 15, b: 17, x: 19, y: 21, up: 2, down: 18, left: 16, right: 20, ctrl: 3 };

export class Keys {
  constructor(mcu) {
    this.mcu = mcu;
    this.held = new Set();
    for (const key of Object.keys(PINS)) this.pin(key).addListener(() => this.settle(key));
  }

  down(key) {
    this.pin(key);
    this.held.add(key);
    this.settle(key);
  }

  up(key) {
    this.held.delete(key);
    this.settle(key);
  }

  // Sets the pin's level: while the button is up, only the pin's own pull-up makes it high.
  settle(key) {
    const pin = this.pin(key);
    pin.setInputValue(!this.held.has(key) && pin.pullupEnabled);
  }

  pin(key) {
    if (!(key in PINS)) throw new Error(`there is no key ${key}`);
    return this.mcu.gpio[PINS[key]];
  }
}
