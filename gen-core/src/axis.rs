//! Convolution geometry along one axis: the only place that knows stride, padding and phases.
//!
//! A transposed convolution of stride s is s ordinary convolutions, one per *phase* (output index
//! plus padding, modulo s), each with every s-th tap of the kernel; no inserted zero is ever
//! multiplied. A plain convolution has one phase. Seen from an output both are the same: a run of
//! consecutive inputs meets a run of consecutive stored taps. See Dumoulin & Visin 2016
//! (arXiv 1603.07285) for the arithmetic and Shi et al. 2016 (arXiv 1609.07009) for the phases.

/// Which of the two convolutions an axis belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Convolution {
    /// Fractionally strided: input `i` reaches outputs `i·stride − pad + kernel index`.
    Transposed,
    /// Ordinary (cross-correlation): output `o` reads inputs `o·stride − pad + kernel index`.
    Plain,
}

/// One axis (rows or columns) of a convolution.
///
/// The output size is given, not derived: output padding and unequal padding at the far end are
/// both nothing but another output size.
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
    /// Padding (transposed: cropping) before the first element.
    pub pad: usize,
}

/// The taps that one output index sums.
///
/// Of the phase's `count` stored taps, those from `skip` to `skip + len` meet the inputs from
/// `input` to `input + len`; the others lie outside the map, where the value is zero.
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
    /// How many taps meet an input; 0 where the output is the constant alone.
    pub len: usize,
}

impl Axis {
    /// Number of phases: the stride of a transposed convolution, 1 of a plain one.
    pub const fn phases(&self) -> usize {
        match self.convolution {
            Convolution::Transposed => self.stride,
            Convolution::Plain => 1,
        }
    }

    /// Taps of `phase`: `⌈(kernel − phase) / stride⌉`, or the whole kernel if plain.
    pub const fn count(&self, phase: usize) -> usize {
        let phases = self.phases();
        self.kernel / phases + (phase < self.kernel % phases) as usize
    }

    /// Taps of all phases before `phase`.
    pub const fn before(&self, phase: usize) -> usize {
        let phases = self.phases();
        let rest = self.kernel % phases;
        phase * (self.kernel / phases) + if phase < rest { phase } else { rest }
    }

    /// Kernel index of stored tap `tap` of `phase`. Taps are stored by ascending input, which for
    /// a transposed convolution is descending kernel index.
    pub const fn kernel_index(&self, phase: usize, tap: usize) -> usize {
        match self.convolution {
            Convolution::Transposed => phase + (self.count(phase) - 1 - tap) * self.stride,
            Convolution::Plain => tap,
        }
    }

    /// The taps of output `o`.
    pub const fn taps(&self, o: usize) -> Taps {
        // `first` is the input that stored tap 0 would meet, kept ≥ 0 by counting from −kernel.
        let (phase, first_plus_kernel) = match self.convolution {
            Convolution::Transposed => {
                let phase = (o + self.pad) % self.stride;
                let last = (o + self.pad) / self.stride;
                (phase, last + 1 + self.kernel - self.count(phase))
            }
            // Saturation only happens when every tap lies before the map.
            Convolution::Plain => (0, (o * self.stride + self.kernel).saturating_sub(self.pad)),
        };
        let count = self.count(phase);
        let input = first_plus_kernel.saturating_sub(self.kernel);
        let skip = self.kernel.saturating_sub(first_plus_kernel);
        let inside = self.input.saturating_sub(input);
        let rest = count.saturating_sub(skip);
        let len = if rest < inside { rest } else { inside };
        if len == 0 {
            return Taps { phase, count, skip: 0, input: 0, len };
        }
        Taps { phase, count, skip, input, len }
    }

    /// Input elements that must be held at once to compute the outputs in order.
    pub const fn window(&self) -> usize {
        let taps = self.count(0);
        if taps < self.input { taps } else { self.input }
    }
}
