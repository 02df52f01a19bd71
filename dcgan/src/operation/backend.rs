//! The operations as burn calls them: on tensors, with gradients.

use std::borrow::Cow;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, binary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;

use super::activation::{self, Activation};
use super::geometry::Geometry;
use super::norm::Norm;
use super::{down, norm, up, weight_gradient};

/// Maps are `[rows, columns, n, channels]`, weights and their gradients `[small, big, kernel, kernel]`.
#[backend_extension(Flex, Autodiff)]
pub(super) trait Operations: Backend {
    /// The convolution of `big`.
    fn down(
        big: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;

    /// The transposed convolution of `small`.
    fn up(
        small: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;

    /// Mean and variance of each channel, `[2, channels]`, without gradients.
    fn statistics(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The batch normalisation of `x` with factor `gamma` and summand `beta`, and a rectifier behind it.
    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        settings: Settings,
    ) -> FloatTensor<Self>;

    /// `activation` of `x` plus `bias`.
    fn bias(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

/// The settings of a batch normalisation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// What is added to the variance.
    pub(super) epsilon: f32,
    /// The rectifier's slope for negative inputs.
    pub(super) slope: f32,
    /// Whether the statistics are those of the input itself, and change with it.
    pub(super) of_batch: bool,
}

impl Operations for Flex {
    fn down(
        big: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let (n, small) = (big.shape()[2], geometry.small);
        let y = down::down(&geometry, n, &numbers(&big), &numbers(&weights));
        tensor(y, [small.size, small.size, n, small.channels])
    }

    fn up(
        small: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let (n, big) = (small.shape()[2], geometry.big);
        let y = up::up(&geometry, n, &numbers(&small), &numbers(&weights));
        tensor(y, [big.size, big.size, n, big.channels])
    }

    fn statistics(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let channels = x.shape()[3];
        tensor(norm::statistics(&numbers(&x), channels), [2, channels])
    }

    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        settings: Settings,
    ) -> FloatTensor<Self> {
        let [gamma, beta, statistics] = [&gamma, &beta, &statistics].map(numbers);
        let norm = Norm::new(&gamma, &beta, &statistics, settings.epsilon);
        tensor(norm.of(&numbers(&x), settings.slope), x.shape())
    }

    fn bias(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let mut x = owned(x);
        activation::bias(x.storage_mut(), &numbers(&bias), activation);
        x
    }
}

impl<C: CheckpointStrategy> Operations for Autodiff<Flex, C> {
    fn down(
        big: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let nodes = [big.node(), weights.node()];
        let [big, weights] = [big, weights].map(|it| it.into_primitive());
        let y = Flex::down(big.clone(), weights.clone(), geometry);
        match Down.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((big, weights, geometry), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn up(
        small: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self> {
        let nodes = [small.node(), weights.node()];
        let [small, weights] = [small, weights].map(|it| it.into_primitive());
        let y = Flex::up(small.clone(), weights.clone(), geometry);
        match Up.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((small, weights, geometry), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn statistics(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(Flex::statistics(x.into_primitive()))
    }

    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        settings: Settings,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let state = [x, gamma, beta, statistics].map(|it| it.into_primitive());
        let [x, gamma, beta, statistics] = state.clone();
        let y = Flex::norm(x, gamma, beta, statistics, settings);
        match NormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((state, settings), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn bias(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), bias.node()];
        let y = Flex::bias(x.into_primitive(), bias.into_primitive(), activation);
        match Bias.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((y.clone(), activation), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// A tensor's primitive on the processor.
type Primitive = FloatTensor<Flex>;

#[derive(Debug)]
struct Down;

impl Backward<Flex, 2> for Down {
    type State = (Primitive, Primitive, Geometry);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (big, weights, geometry) = ops.state;
        binary::<Flex, _, _>(
            ops.parents,
            ops.node,
            grads,
            |gradient| Flex::up(gradient, weights, geometry),
            |gradient| of_weights(&big, &gradient, geometry),
        );
    }
}

#[derive(Debug)]
struct Up;

impl Backward<Flex, 2> for Up {
    type State = (Primitive, Primitive, Geometry);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (small, weights, geometry) = ops.state;
        binary::<Flex, _, _>(
            ops.parents,
            ops.node,
            grads,
            |gradient| Flex::down(gradient, weights, geometry),
            |gradient| of_weights(&gradient, &small, geometry),
        );
    }
}

#[derive(Debug)]
struct NormBackward;

impl Backward<Flex, 3> for NormBackward {
    /// The input, γ, β and the statistics.
    type State = ([Primitive; 4], Settings);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([x, gamma, beta, statistics], settings) = ops.state;
        let gradient = grads.consume::<Flex>(&ops.node);
        let channels = gamma.shape()[0];
        let [gamma, beta, statistics] = [&gamma, &beta, &statistics].map(numbers);
        let norm = Norm::new(&gamma, &beta, &statistics, settings.epsilon);
        let Settings { slope, of_batch, .. } = settings;
        let mut gradient = owned(gradient);
        let of_both = norm.gradients(&numbers(&x), gradient.storage_mut(), slope, of_batch);
        let [of_gamma, of_beta] = of_both.map(|it| tensor(it, [channels]));
        let found = [gradient, of_gamma, of_beta];
        register(grads, ops.parents.map(|parent| Some(parent?.id)), found);
    }
}

#[derive(Debug)]
struct Bias;

impl Backward<Flex, 2> for Bias {
    /// The output and its activation.
    type State = (Primitive, Activation);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (y, activation) = ops.state;
        let mut gradient = owned(grads.consume::<Flex>(&ops.node));
        let channels = y.shape()[3];
        let of_bias =
            activation::gradients(&numbers(&y), gradient.storage_mut(), channels, activation);
        let found = [gradient, tensor(of_bias, [channels])];
        register(grads, ops.parents.map(|parent| Some(parent?.id)), found);
    }
}

/// Stores the gradients that were found of those parents that need them.
fn register<const N: usize>(
    grads: &mut Gradients,
    parents: [Option<NodeId>; N],
    found: [Primitive; N],
) {
    for (parent, gradient) in parents.into_iter().zip(found) {
        if let Some(parent) = parent {
            grads.register::<Flex>(parent, gradient);
        }
    }
}

/// The gradient of the weights, from big maps and small maps.
fn of_weights(big: &Primitive, small: &Primitive, geometry: Geometry) -> Primitive {
    let n = small.shape()[2];
    let gradient = weight_gradient::weight_gradient(&geometry, n, &numbers(big), &numbers(small));
    let Geometry { big, small, kernel, .. } = geometry;
    tensor(gradient, [small.channels, big.channels, kernel, kernel])
}

/// The numbers of a tensor, in row-major order.
fn numbers(tensor: &Primitive) -> Cow<'_, [f32]> {
    match tensor.as_slice() {
        Some(numbers) => Cow::Borrowed(numbers),
        None => {
            let numbers = tensor.to_contiguous();
            Cow::Owned(numbers.as_slice().expect("it was just made contiguous").to_vec())
        }
    }
}

/// The tensor as one whose memory holds its numbers in row-major order and nothing else.
fn owned(tensor: Primitive) -> Primitive {
    let is_whole =
        tensor.as_slice::<f32>().is_some_and(|it| it.len() == tensor.storage::<f32>().len());
    if is_whole { tensor } else { self::tensor(numbers(&tensor).into_owned(), tensor.shape()) }
}

/// The tensor of `numbers` in row-major order.
fn tensor(numbers: Vec<f32>, shape: impl Into<burn::tensor::Shape>) -> Primitive {
    Primitive::from_data(TensorData::new(numbers, shape))
}
