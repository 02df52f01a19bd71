//! Gemm, MatMul, and convolutions of a single pixel.

use crate::import::constant::tensor::ELEMENT_LIMIT;
use crate::import::layer::chain::check_dense;
use crate::import::layer::kernel::pairs;
use crate::import::view::{Origin, View};
use crate::import::{KERNEL_LIMIT, Node, Walk};
use crate::network::{Kind, Layer, Operation, Step};
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};
use ndarray::ArrayD;

impl Walk<'_> {
    pub(crate) fn gemm(&mut self, node: Node, view: &View) -> Result<View> {
        node.expect(3, &["alpha", "beta", "transA", "transB", "broadcast"])?;
        ensure!(node.int("transA", 0)? == 0, node.refuse("attribute transA = 1 is not supported"));
        let (alpha, beta) = (node.float("alpha", 1.0)?, node.float("beta", 1.0)?);
        let transposed = node.int("transB", 0)? != 0;
        let output = self.dense(node, view, transposed)?;
        let features = output.elements.len();
        let shift = if node.input(2).is_empty() {
            vec![0.0; features]
        } else {
            let (shape, values) = self.floats(node, 2, "bias")?;
            let bias = match values[..] {
                [one] => vec![one; features],
                _ if values.len() == features && shape.last() == Some(&features) => values,
                _ => return Err(node.refuse(format!("bias of shape {shape:?} does not fit"))),
            };
            bias.iter().map(|&b| beta * f64::from(b)).collect()
        };
        if alpha == 1.0 && shift.iter().all(|b| *b == 0.0) {
            return Ok(output);
        }
        self.step(node, &output, Operation::Affine { scale: vec![alpha; features], shift })
    }

    pub(crate) fn matmul(&mut self, node: Node, view: &View) -> Result<View> {
        node.expect(2, &[])?;
        self.dense(node, view, false)
    }

    /// A layer with the weights of input 1, `[in, out]` or transposed: on the latent or on a whole map.
    fn dense(&mut self, node: Node, view: &View, transposed: bool) -> Result<View> {
        let (shape, values) = self.floats(node, 1, "weights")?;
        let [rows, columns] = shape[..] else {
            return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 2")));
        };
        let (inputs, features) = if transposed { (columns, rows) } else { (rows, columns) };
        let dims = view.dims().to_vec();
        let flat = dims.last() == Some(&inputs) && view.elements.len() == inputs && features > 0;
        ensure!(flat, node.refuse(format!("weights of shape {shape:?} on shape {dims:?}")));
        let weight = |out: usize, input: usize| match transposed {
            true => values[out * inputs + input],
            false => values[input * features + out],
        };
        let output = [dims[..dims.len() - 1].to_vec(), vec![features]].concat();
        if self.is_point(view) {
            let places: Vec<i32> = view.elements.iter().copied().collect();
            self.point(node, view, &places, [1, 1, features], weight)?;
        } else {
            // A kernel as large as the map.
            let index = self.close(node, view)?;
            let layer = &self.layers[index];
            let [height, width, depth] = layer.output();
            check_dense(node, depth * height * width, [features, 1, 1])?;
            let mut weights = vec![0.0; features * height * width * depth];
            for out in 0..features {
                for (input, &element) in view.elements.iter().enumerate() {
                    if element >= 0 {
                        weights[out * height * width * depth + element as usize] +=
                            weight(out, input);
                    }
                }
            }
            let axis = |input| Axis {
                convolution: Convolution::Plain,
                input,
                output: 1,
                kernel: input,
                stride: 1,
                pad: 0,
            };
            let sides = height <= KERNEL_LIMIT && width <= KERNEL_LIMIT;
            ensure!(sides, node.refuse(format!("stands on a map of {height}×{width}: too large")));
            self.push(node, Kind::Plain, [axis(height), axis(width)], depth, features, weights);
        }
        let view = self.newest();
        let elements = ArrayD::from_shape_vec(output, view.elements.iter().copied().collect())?;
        Ok(View { elements: std::sync::Arc::new(elements), ..view })
    }

    /// A layer on the latent, or on a dense layer's single pixel: features of `output` (HWC), which have
    /// a weight for each place of the input.
    pub(crate) fn point(
        &mut self,
        node: Node,
        view: &View,
        places: &[i32],
        output: [usize; 3],
        weight: impl Fn(usize, usize) -> f32,
    ) -> Result<()> {
        let [height, width, channels] = output;
        let inputs = match view.origin {
            Origin::Latent => {
                ensure!(
                    self.first == self.layers.len(),
                    node.refuse(
                        "reads latents, a label or constants behind another layer, where they no longer are: fix \
                         a label with --label K, from 0"
                    )
                );
                self.first += 1;
                self.latent_len
            }
            Origin::Layer(_) => {
                let index = self.close(node, view)?;
                self.layers[index].features()
            }
        };
        check_dense(node, inputs, [channels, height, width])?;
        let features = height * width * channels;
        let terms = match view.origin {
            Origin::Latent => {
                let shown = places.iter().filter_map(|at| usize::try_from(*at).ok());
                shown.map(|at| self.forms[at].terms.len() + 1).fold(0, usize::saturating_add)
            }
            Origin::Layer(_) => places.len(),
        };
        let work = features.saturating_mul(terms);
        ensure!(work <= 64 * ELEMENT_LIMIT, node.refuse("reads too many numbers of the latents"));
        let (mut weights, mut sums) = (Vec::with_capacity(features * inputs), vec![0.0; inputs]);
        let mut shift = vec![0.0; features];
        // `[out][row][column][in]`
        for (out, pixel) in pairs([channels, height * width]) {
            let feature = pixel * channels + out;
            sums.fill(0.0);
            for (input, &place) in places.iter().enumerate() {
                let w = f64::from(weight(feature, input));
                let Ok(place) = usize::try_from(place) else { continue };
                match view.origin {
                    _ if w == 0.0 => {}
                    // What is done to latents goes into the weights; constants become summands.
                    Origin::Latent => {
                        let form = &self.forms[place];
                        form.terms
                            .iter()
                            .for_each(|(element, number)| sums[*element] += w * number);
                        shift[feature] += w * form.constant;
                    }
                    Origin::Layer(_) => sums[place] += w,
                }
            }
            weights.extend(sums.iter().map(|sum| *sum as f32));
        }
        let axes = [Layer::dense_axis(height), Layer::dense_axis(width)];
        self.push(node, Kind::Dense, axes, inputs, channels, weights);
        if shift.iter().any(|b| *b != 0.0) {
            let operation = Operation::Affine { scale: vec![1.0; features], shift };
            let step = Step { node: node.name().to_owned(), operation };
            if let Some(layer) = self.layers.last_mut() {
                layer.steps.push(step);
            }
        }
        Ok(())
    }

    /// Whether a view shows a single pixel: the latent's, or a dense layer's before it became a map.
    pub(crate) fn is_point(&self, view: &View) -> bool {
        match view.origin {
            Origin::Latent => true,
            Origin::Layer(index) => self.layers[index].output()[..2] == [1, 1],
        }
    }
}
