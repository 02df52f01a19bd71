//! Convolution geometry along one axis: the only place that knows stride, padding and phases.
//!
//! A transposed convolution of stride s is s ordinary convolutions, one per *phase* (output index plus padding,
//! modulo s). Each phase has every s-th tap of the kernel, so no inserted zero is ever multiplied. A plain
//! convolution has one phase. For one output both kinds look the same: consecutive inputs are multiplied by
//! consecutive stored taps.
//!
//! *source*: Dumoulin & Visin 2016 (arXiv 1603.07285) for the arithmetic, Shi et al. 2016 (arXiv 1609.07009) for the
//! phases.

use core::ops::Range;

/// The kind of convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Convolution {
    /// Transposed (fractionally strided): input `i` contributes to outputs `i·stride − pad + kernel index`.
    Transposed,
    /// Ordinary (cross-correlation): output `o` reads inputs `o·stride − pad + kernel index`.
    Plain,
}

/// The geometry of a convolution along one axis, rows or columns.
///
/// The output size is given, not derived: output padding and a different padding at the far end only change the output
/// size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Axis {
    /// Transposed or plain.
    pub convolution: Convolution,
    /// Input elements, ≥ 1.
    pub input: usize,
    /// Output elements, ≥ 1.
    pub output: usize,
    /// Kernel elements, ≥ 1.
    pub kernel: usize,
    /// Stride, ≥ 1.
    pub stride: usize,
    /// Padding before the first element; of a transposed convolution, outputs cropped there.
    pub pad: usize,
}

/// The taps that one output sums.
///
/// Of the phase's `count` stored taps, those in `skip..skip + len` meet the inputs `input..input + len`. The others
/// lie outside the map, where the value is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taps {
    /// Phase, below [`Axis::phases`].
    pub phase: usize,
    /// Taps stored for this phase.
    pub count: usize,
    /// First stored tap that meets an input; 0 if none does.
    pub skip: usize,
    /// The input it meets; 0 if none does.
    pub input: usize,
    /// Number of taps that meet an input. With 0, the output is the epilogue of an accumulator of 0.
    pub len: usize,
}

/// Neighbouring phases with the same number of taps, which read the same inputs at each position.
///
/// At *position* m, an input index, a transposed convolution is one convolution with `stride · channels` *features*
/// (the phase is the slower index), whose outputs `stride · m + phase − pad` are neighbours in memory. If the stride
/// does not divide the kernel, the first phases have one tap more than the others: there are two groups. A plain
/// convolution has one group of one phase, and its position is the output index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// First phase.
    pub first: usize,
    /// Number of phases.
    pub phases: usize,
    /// Taps of each phase.
    pub taps: usize,
}

/// The inputs that one position of a [`Group`] reads, and the outputs that it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// First tap that meets an input; 0 if none does.
    pub skip: usize,
    /// The input it meets; 0 if none does.
    pub input: usize,
    /// Number of taps that meet an input.
    pub len: usize,
    /// First phase of the group whose output is not cropped.
    pub begin: usize,
    /// One past the last phase of the group whose output is not cropped; `begin` if all are cropped.
    pub end: usize,
    /// Output index of phase `begin`.
    pub output: usize,
}

impl Axis {
    /// The groups of phases, one or two.
    pub fn groups(&self) -> impl Iterator<Item = Group> + use<> {
        let (phases, taps) = (self.phases(), self.kernel / self.phases());
        let longer = self.kernel % phases;
        let groups = [
            Group { first: 0, phases: longer, taps: taps + 1 },
            Group { first: longer, phases: phases - longer, taps },
        ];
        groups.into_iter().filter(|group| group.phases > 0)
    }

    /// The positions at which at least one group has an output.
    pub const fn positions(&self) -> Range<usize> {
        match self.convolution {
            Convolution::Transposed => {
                self.pad / self.stride..(self.pad + self.output - 1) / self.stride + 1
            }
            Convolution::Plain => 0..self.output,
        }
    }

    /// Inputs from one position to the next.
    pub const fn input_step(&self) -> usize {
        match self.convolution {
            Convolution::Transposed => 1,
            Convolution::Plain => self.stride,
        }
    }

    /// Outputs from one position to the next.
    pub const fn output_step(&self) -> usize {
        self.phases()
    }

    /// The inputs and outputs of `group` at position `m`, one of [`positions`](Self::positions).
    pub const fn site(&self, group: &Group, m: usize) -> Site {
        // Outputs, counted from −pad.
        let (first, pad) = match self.convolution {
            Convolution::Transposed => (m * self.stride + group.first, self.pad),
            Convolution::Plain => (m, 0),
        };
        let begin = pad.saturating_sub(first);
        let begin = if begin < group.phases { begin } else { group.phases };
        let end = (pad + self.output).saturating_sub(first);
        let end = if end < group.phases { end } else { group.phases };
        let end = if end < begin { begin } else { end };
        let output = (first + begin).saturating_sub(pad);
        // Inputs, counted from −taps or −pad.
        let (at, origin) = match self.convolution {
            Convolution::Transposed => (m + 1, group.taps),
            Convolution::Plain => (m * self.stride, self.pad),
        };
        let (skip, input, len) = self.meeting(group.taps, at, origin);
        Site { skip, input, len, begin, end, output }
    }

    /// The positions at which every tap of `group` meets an input and none of its phases is cropped.
    pub const fn interior(&self, group: &Group) -> Range<usize> {
        // In both cases: the first such position, and one past the last.
        let (begin, end) = match self.convolution {
            Convolution::Transposed => {
                let whole = self.pad.saturating_sub(group.first).div_ceil(self.stride);
                let cropped = group.first + group.phases;
                let uncropped = match (self.pad + self.output).checked_sub(cropped) {
                    Some(last) => last / self.stride + 1,
                    None => 0,
                };
                let meeting = group.taps.saturating_sub(1);
                (max(whole, meeting), min(uncropped, self.input))
            }
            Convolution::Plain => {
                let end = match (self.input + self.pad).checked_sub(group.taps) {
                    Some(last) => min(last / self.stride + 1, self.output),
                    None => 0,
                };
                (self.pad.div_ceil(self.stride), end)
            }
        };
        let begin = min(begin, self.positions().end);
        begin..max(begin, end)
    }

    /// Number of phases: the stride if transposed, 1 if plain.
    pub const fn phases(&self) -> usize {
        match self.convolution {
            Convolution::Transposed => self.stride,
            Convolution::Plain => 1,
        }
    }

    /// Number of taps of `phase`: `⌈(kernel − phase) / stride⌉`, or the whole kernel if plain.
    pub const fn count(&self, phase: usize) -> usize {
        let phases = self.phases();
        self.kernel / phases + (phase < self.kernel % phases) as usize
    }

    /// Number of taps of all phases before `phase`.
    pub const fn before(&self, phase: usize) -> usize {
        let phases = self.phases();
        let rest = self.kernel % phases;
        phase * (self.kernel / phases) + if phase < rest { phase } else { rest }
    }

    /// Kernel index of stored tap `tap` of `phase`.
    ///
    /// Taps are stored by ascending input; for a transposed convolution that is descending kernel index.
    #[cfg(feature = "writer")]
    pub const fn kernel_index(&self, phase: usize, tap: usize) -> usize {
        match self.convolution {
            Convolution::Transposed => phase + (self.count(phase) - 1 - tap) * self.stride,
            Convolution::Plain => tap,
        }
    }

    /// The taps of output `o`.
    pub const fn taps(&self, o: usize) -> Taps {
        // The input that stored tap 0 would meet, plus the kernel's size so that it is never negative.
        let (phase, first_plus_kernel) = match self.convolution {
            Convolution::Transposed => {
                let phase = (o + self.pad) % self.stride;
                let last = (o + self.pad) / self.stride;
                (phase, last + 1 + self.kernel - self.count(phase))
            }
            // Saturates only if every tap lies before the map.
            Convolution::Plain => (0, (o * self.stride + self.kernel).saturating_sub(self.pad)),
        };
        let count = self.count(phase);
        let (skip, input, len) = self.meeting(count, first_plus_kernel, self.kernel);
        Taps { phase, count, skip, input, len }
    }

    /// Clips `count` taps, of which the first would meet input `at − origin`, to the map: the number of taps before
    /// the map, the first input met, the number of taps that meet an input. Zeros if none does.
    const fn meeting(&self, count: usize, at: usize, origin: usize) -> (usize, usize, usize) {
        let (skip, input) = (origin.saturating_sub(at), at.saturating_sub(origin));
        let inside = self.input.saturating_sub(input);
        let rest = count.saturating_sub(skip);
        let len = if rest < inside { rest } else { inside };
        if len == 0 { (0, 0, 0) } else { (skip, input, len) }
    }

    /// Number of inputs that must be held at once to compute the outputs in order.
    pub const fn window(&self) -> usize {
        let taps = self.count(0);
        if taps < self.input { taps } else { self.input }
    }
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
