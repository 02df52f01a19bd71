// The processor, running. Computing takes the time it takes here; sleeping takes as long as on the
// desk, so that somebody who watches sees each picture.

import { Fault } from './bus.mjs';

// Instructions between looks at the log and at the socket: some milliseconds.
const CHUNK = 50_000;
const HARD_FAULT = 3;
const KEY_NANOS = 100e6;

export class Machine {
  constructor(board) {
    this.board = board;
    this.running = false;
    this.timer = null;
  }

  // Lets the processor go on.
  go() {
    if (this.running) return;
    this.running = true;
    this.timer = setImmediate(() => this.chunk());
  }

  // Halts it between two instructions; whatever was logged is out.
  halt() {
    this.running = false;
    clearTimeout(this.timer);
    clearImmediate(this.timer);
    this.board.rtt.poll();
  }

  // Presses a key for KEY_NANOS of the processor's own time, in which no look at the keys is left out.
  press(key) {
    const { keys, mcu } = this.board;
    keys.down(key);
    mcu.clock.createAlarm(() => keys.up(key)).schedule(KEY_NANOS);
  }

  chunk() {
    const { board } = this;
    const slept = this.run();
    board.rtt.poll();
    if (board.ended !== null) process.exit(board.ended);
    if (!this.running) return;
    const next = () => this.chunk();
    this.timer = slept > 0 ? setTimeout(next, slept / 1e6) : setImmediate(next);
  }

  // Runs until something should be looked at, and gives how long the processor slept, in ns.
  run() {
    const { mcu, cache } = this.board;
    const { core, clock } = mcu;
    const nanos = 1e9 / mcu.clkSys;
    for (let count = 0; count < CHUNK && this.board.ended === null; count++) {
      if (core.waiting) {
        const slept = clock.nanosToNextAlarm;
        if (slept <= 0) throw new Error('the processor sleeps, and nothing will ever wake it');
        clock.tick(slept);
        // rp2040js wakes for interrupts, not for SysTick, and would forget what it was doing.
        core.waiting = false;
        core.waiting = !core.checkForInterrupts();
        return slept;
      }
      // First, so that it is known which instruction a fault is about.
      while (core.interruptsUpdated && core.checkForInterrupts());
      const at = core.PC;
      let cycles = 1;
      try {
        cycles = core.executeInstruction();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.fault(error, at);
      }
      clock.tick((cycles + cache.take()) * nanos);
    }
    return 0;
  }

  // As the processor does: to the program's handler, or, from there, to a halt.
  fault(error, at) {
    const { core } = this.board.mcu;
    console.error(`at 0x${at.toString(16)}: ${error.message}`);
    core.PC = at;
    try {
      if (core.IPSR === HARD_FAULT) throw error;
      core.exceptionEntry(HARD_FAULT);
    } catch {
      console.error('locked up');
      this.board.ended = 101;
    }
  }
}
