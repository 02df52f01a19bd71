// Runs the processor. Computing runs at the speed of this computer; sleeping takes as long as on the board,
// so that a viewer sees each picture.

import { Fault } from './bus.mjs';

// Instructions between two checks of the log and the socket: some milliseconds.
const CHUNK = 50_000;
const HARD_FAULT = 3;
const KEY_NANOS = 100e6;

export class Machine {
  constructor(board) {
    this.board = board;
    this.running = false;
    this.timer = null;
  }

  // Resumes the processor.
  go() {
    if (this.running) return;
    this.running = true;
    this.timer = setImmediate(() => this.chunk());
  }

  // Halts the processor between two instructions; everything logged so far has been written.
  halt() {
    this.running = false;
    clearTimeout(this.timer);
    clearImmediate(this.timer);
    this.board.rtt.poll();
  }

  // Presses a key for KEY_NANOS of the processor's own time, so that the program samples it at least once.
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

  // Runs until the log and the socket are to be checked. Returns the nanoseconds that the processor slept.
  run() {
    const { mcu, cache } = this.board;
    const { core, clock } = mcu;
    const nanos = 1e9 / mcu.clkSys;
    for (let count = 0; count < CHUNK && this.board.ended === null; count++) {
      if (core.waiting) {
        const slept = clock.nanosToNextAlarm;
        if (slept <= 0) throw new Error('the processor sleeps, and nothing will ever wake it');
        clock.tick(slept);
        // rp2040js wakes for interrupts but not for SysTick, and would stay in the waiting state.
        core.waiting = false;
        core.waiting = !core.checkForInterrupts();
        return slept;
      }
      // Before executing, so that the address of a faulting instruction is known.
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

  // As on the chip: enters the program's HardFault handler, or locks up if that is already running.
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
