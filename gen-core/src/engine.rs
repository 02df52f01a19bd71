//! Runs a model: a latent goes in, picture rows come out.
//!
//! Rows are pulled. For the next picture row, the deepest layer whose input rows are complete computes one row into
//! the next layer's ring, again and again, until the last layer has computed its row. A row is overwritten only when
//! no later output row reads it, so a ring as long as the kernel's reach is enough
//! ([`Axis::window`](crate::axis::Axis::window)). Layers that the [plan](crate::plan::Plan) computes whole compute all
//! of their rows first.

use crate::kernel::{Best, Input, Job, Kernel, Scratch, Window};
use crate::latent::{LATENT_MAX, LengthError};
use crate::layer::MAX_LAYERS;
use crate::model::Model;
use crate::plan::ALIGNMENT_SLACK;
use crate::shape::Shape;

/// Why a picture cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EngineError {
    /// The working memory is smaller than [`Model::working_memory`].
    #[error("the working memory has {got} bytes, the model needs {need}")]
    MemoryTooSmall {
        /// Bytes needed.
        need: usize,
        /// Bytes given.
        got: usize,
    },
    /// The latent does not have the model's length ([`Latent::len`](crate::latent::Latent::len)).
    #[error("the latent has {got} elements, the model needs {need}")]
    LatentLength {
        /// Elements needed.
        need: usize,
        /// Elements given.
        got: usize,
    },
    /// An element of the latent is outside ±[`LATENT_MAX`].
    #[error("latent element {index} is {value}, outside ±{LATENT_MAX}")]
    LatentRange {
        /// Its index.
        index: usize,
        /// Its value.
        value: i16,
    },
}

impl From<LengthError> for EngineError {
    fn from(LengthError { need, got }: LengthError) -> Self {
        Self::LatentLength { need, got }
    }
}

/// A model with its working memory.
///
/// Owns the model (a table of references into the file, about 2 KB on a 32-bit chip), so that both can live in one
/// `struct` or `static` of a firmware.
pub struct Engine<'f, 'm> {
    model: Model<'f>,
    memory: &'m mut [u8],
}

impl<'f, 'm> Engine<'f, 'm> {
    /// Prepares `model` to run in `memory`, which may begin at any address and hold any bytes.
    ///
    /// # Errors
    ///
    /// [`EngineError::MemoryTooSmall`] if `memory` has fewer bytes than [`Model::working_memory`].
    pub fn new(model: Model<'f>, memory: &'m mut [u8]) -> Result<Self, EngineError> {
        let (need, got) = (model.working_memory(), memory.len());
        if got < need {
            return Err(EngineError::MemoryTooSmall { need, got });
        }
        Ok(Self { model, memory })
    }

    /// The model that runs.
    pub fn model(&self) -> &Model<'f> {
        &self.model
    }

    /// Starts the picture of `latent`. Nothing is computed until the first row is pulled.
    ///
    /// *units*: steps of the model's latent scale, as [`Latent::sample_quantized`] and [`Latent::quantize`] give them;
    /// *range*: ±[`LATENT_MAX`].
    ///
    /// # Errors
    ///
    /// [`EngineError::LatentLength`], [`EngineError::LatentRange`].
    ///
    /// [`Latent::sample_quantized`]: crate::latent::Latent::sample_quantized
    /// [`Latent::quantize`]: crate::latent::Latent::quantize
    pub fn draw<'p>(&'p mut self, latent: &'p [i16]) -> Result<Picture<'p>, EngineError> {
        let need = self.model.latent().len();
        if latent.len() != need {
            return Err(EngineError::LatentLength { need, got: latent.len() });
        }
        let outside = |value: &i16| !(-LATENT_MAX..=LATENT_MAX).contains(value);
        if let Some(index) = latent.iter().position(outside) {
            return Err(EngineError::LatentRange { index, value: latent[index] });
        }
        let plan = &self.model.plan;
        // Kernels read the scratch in words. The plan has room for the alignment.
        let aligned = self.memory.as_ptr().align_offset(4).min(ALIGNMENT_SLACK);
        let (scratch, rows) = self.memory[aligned..].split_at_mut(plan.scratch());
        let (scratch, _) = scratch.as_chunks_mut();
        let (scratch, done) = (Scratch::new(scratch), [0; MAX_LAYERS]);
        Ok(Picture { model: &self.model, scratch, rows, latent, done })
    }
}

/// A picture being drawn, row by row from the top.
pub struct Picture<'p> {
    model: &'p Model<'p>,
    scratch: Scratch<'p>,
    /// The layers' buffers: whole maps and rings of rows.
    rows: &'p mut [u8],
    latent: &'p [i16],
    /// Rows that each layer has computed so far.
    done: [usize; MAX_LAYERS],
}

impl Picture<'_> {
    /// Size of the picture.
    pub fn shape(&self) -> Shape {
        self.model.picture_shape()
    }

    /// Picture rows finished so far.
    pub fn rows_done(&self) -> usize {
        self.done[self.model.layers().len() - 1]
    }

    /// Computes the next picture row: `width · channels` bytes of 0 to 255, the channels of a pixel together. `None`
    /// after the last row.
    pub fn next_row(&mut self) -> Option<&[u8]> {
        let last = self.model.layers().len() - 1;
        while self.step()? != last {}
        Some(self.row())
    }

    /// Computes one row of one layer, or all rows of a layer that is computed whole, and returns the layer's index.
    /// `None` after the last row of the picture.
    ///
    /// When the index is the last layer's, the next picture row is finished; [`row`](Self::row) gives it. For firmware
    /// that has other work to do between steps, and for measuring the time of each layer.
    pub fn step(&mut self) -> Option<usize> {
        self.step_by::<Best>()
    }

    /// As [`step`](Self::step), with the kernel `K`. For tests that compare kernels; only they can name one (feature
    /// `_kernels`). `K` must be the same for all steps of a picture: kernels lay out the scratch differently.
    #[doc(hidden)]
    pub fn step_by<K: Kernel>(&mut self) -> Option<usize> {
        if self.rows_done() == self.shape().height {
            return None;
        }
        // Layers computed whole come first, one after the other: their maps may lie where the rings will.
        let whole = &self.done[..self.model.plan.whole()];
        let layer = whole.iter().position(|&done| done == 0).unwrap_or_else(|| {
            let mut layer = self.model.layers().len() - 1;
            while !self.ready(layer) {
                layer -= 1;
            }
            layer
        });
        self.compute::<K>(layer);
        Some(layer)
    }

    /// The picture row that was finished last, as [`next_row`](Self::next_row) returned it. Its bytes have no meaning
    /// before the first row is finished.
    pub fn row(&self) -> &[u8] {
        let buffer = self.model.plan.buffers()[self.model.layers().len() - 1];
        &self.rows[buffer.offset..][..buffer.row_len]
    }

    /// Whether the input rows of `layer`'s next output row are complete. The latent always is.
    fn ready(&self, layer: usize) -> bool {
        layer == 0 || {
            let taps = self.model.layers()[layer].rows.taps(self.done[layer]);
            taps.len == 0 || self.done[layer - 1] >= taps.input + taps.len
        }
    }

    /// Computes the next row of layer `index` into its buffer, or all rows if it is computed whole.
    fn compute<K: Kernel>(&mut self, index: usize) {
        let (layer, plan) = (&self.model.layers()[index], &self.model.plan);
        let y = self.done[index];
        let rows = y..if index < plan.whole() { layer.rows.output } else { y + 1 };
        let buffer = plan.buffers()[index];
        let begin = buffer.offset + y % buffer.rows * buffer.row_len;
        let end = begin + rows.len() * buffer.row_len;
        let (input, out) = if index == 0 {
            (Input::Latent(self.latent), &mut self.rows[begin..end])
        } else {
            let input = plan.buffers()[index - 1];
            let range = input.offset..input.offset + input.bytes();
            let both = self.rows.get_disjoint_mut([range, begin..end]);
            debug_assert!(both.is_ok(), "the plan keeps input and output apart");
            let Ok([data, out]) = both else { return };
            let window = Window { data, rows: input.rows, row_len: input.row_len };
            let is_wide = self.model.layers()[index - 1].element.is_wide();
            (if is_wide { Input::Wide(window) } else { Input::Rows(window) }, out)
        };
        let done = rows.end;
        K::rows(Job { layer, index, rows, input }, &mut self.scratch, out);
        self.done[index] = done;
    }
}
