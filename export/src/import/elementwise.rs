//! Operators on single elements: with constants, with functions, and with one another.

use crate::import::constant::tensor::Tensor;
use crate::import::view::{Origin, View};
use crate::import::{Node, Walk};
use crate::network::function::Function;
use crate::network::{Binary, Both, Choice, Operation, Step};
use anyhow::{Result, ensure};

/// Operators that are read here.
pub(crate) const BINARY: [&str; 9] =
    ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Greater", "Less"];
pub(crate) const UNARY: [&str; 23] = [
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Tanh",
    "Sigmoid",
    "Clip",
    "Elu",
    "Selu",
    "Celu",
    "Gelu",
    "Softplus",
    "Softsign",
    "HardSigmoid",
    "HardSwish",
    "Mish",
    "Erf",
    "Exp",
    "Log",
    "Abs",
    "Sqrt",
    "Reciprocal",
    "Neg",
    "BatchNormalization",
];

impl Walk<'_> {
    /// A view and a constant.
    pub(crate) fn with_constant(
        &mut self,
        node: Node,
        view: &View,
        constant: &Tensor,
        constant_first: bool,
    ) -> Result<View> {
        node.expect(2, &[])?;
        let view = &self.distinct(node, view)?;
        let numbers = self.numbers(node, view, constant, "other input")?;
        let each = |scale: f64, shift: f64| Operation::Affine {
            scale: numbers.iter().map(|n| if scale == 0.0 { *n } else { scale }).collect(),
            shift: numbers.iter().map(|n| n * shift).collect(),
        };
        let uniform = numbers.iter().all(|n| *n == numbers[0]);
        let one = |what: &str| {
            ensure!(uniform, node.refuse(format!("{what} of each channel is not supported")));
            Ok(numbers[0])
        };
        let operation = match (node.operator(), constant_first) {
            ("Add", _) => each(1.0, 1.0),
            ("Sub", false) => each(1.0, -1.0),
            ("Sub", true) => each(-1.0, 1.0),
            ("Mul", _) => each(0.0, 0.0),
            ("Div", false) => Operation::Affine {
                scale: numbers.iter().map(|n| 1.0 / n).collect(),
                shift: vec![0.0; numbers.len()],
            },
            ("Div", true) => {
                let view = self.step(node, view, Operation::Function(Function::Reciprocal))?;
                let scale = vec![one("a dividend")?];
                return self.step(node, &view, Operation::Affine { scale, shift: vec![0.0] });
            }
            ("Max", _) => match one("a limit")? {
                0.0 => Operation::Function(Function::Relu),
                low => Operation::Function(Function::Clip(low, f64::INFINITY)),
            },
            ("Greater", false) | ("Less", true) => {
                Operation::Function(Function::Above(one("a limit")?))
            }
            ("Greater" | "Less", _) => {
                // Below a limit is above its opposite, of the opposite.
                let view = self.step(
                    node,
                    view,
                    Operation::Affine { scale: vec![-1.0], shift: vec![0.0] },
                )?;
                let above = Operation::Function(Function::Above(-one("a limit")?));
                return self.step(node, &view, above);
            }
            ("Min", _) => Operation::Function(Function::Clip(f64::NEG_INFINITY, one("a limit")?)),
            (_, false) => match one("a power")? {
                2.0 => both(Binary::Mul, Vec::new(), Vec::new()),
                power => Operation::Function(Function::Power(power)),
            },
            (_, true) => {
                return Err(node.refuse("a constant to the power of a map is not supported"));
            }
        };
        self.step(node, view, operation)
    }

    /// Two views of the same elements.
    pub(crate) fn with_view(&mut self, node: Node, a: &View, b: &View) -> Result<View> {
        node.expect(2, &[])?;
        let sign = match node.operator() {
            "Add" => Some(1.0),
            "Sub" => Some(-1.0),
            _ => None,
        };
        match sign {
            Some(sign) if a.origin == Origin::Latent && b.origin == Origin::Latent => {
                return self.sum(node, a, sign, b);
            }
            Some(sign) if a.origin != b.origin && self.is_first(a) && self.is_first(b) => {
                return self.sum_of_first(node, a, sign, b);
            }
            None if a.origin == Origin::Latent && b.origin == Origin::Latent => {
                return Err(node.refuse(
                    "puts latents and labels together in another way than by a sum: fix the label with \
                     --label K, from 0",
                ));
            }
            _ => {}
        }
        let binary = match node.operator() {
            "Add" => Binary::Add,
            "Sub" => Binary::Sub,
            "Mul" => Binary::Mul,
            "Div" => Binary::Div,
            "Max" => Binary::Max,
            "Min" => Binary::Min,
            _ => return Err(node.refuse("a map to the power of a map is not supported")),
        };
        if let Some((common, negative)) = rectified(binary, a, b) {
            return self.step(node, &common, Operation::Slopes(negative));
        }
        let (common, [left, right]) = self.apart(node, [a, b])?;
        self.step(node, &common, slopes(binary, left, right))
    }

    /// One view or the other, or a number, depending on a third, which is 0 or 1.
    pub(crate) fn choice(
        &mut self,
        node: Node,
        condition: &View,
        then: (&View, Option<f64>),
        otherwise: (&View, Option<f64>),
    ) -> Result<View> {
        let views = [condition, then.0, otherwise.0];
        let (common, [condition, mut a, mut b]) = self.apart(node, views)?;
        let constant =
            |number: f64| vec![Operation::Affine { scale: vec![0.0], shift: vec![number] }];
        for (operations, number) in [(&mut a, then.1), (&mut b, otherwise.1)] {
            if let Some(number) = number {
                *operations = constant(number);
            }
        }
        let choice = Choice { condition, then: a, otherwise: b };
        self.step(node, &common, Operation::Choice(Box::new(choice)))
    }

    /// What views of the same elements have in common, and what each has had done besides.
    fn apart<const N: usize>(
        &self,
        node: Node,
        views: [&View; N],
    ) -> Result<(View, [Vec<Operation>; N])> {
        let first = views[0];
        ensure!(
            views.iter().all(|it| it.origin == first.origin && it.elements == first.elements),
            node.refuse(
                "puts together what has come through different layers, a skip connection, which needs whole \
                 maps: only one layer behind the other can be converted"
            )
        );
        let shortest = views.iter().map(|view| view.steps.len()).min().unwrap_or(0);
        let same = (0..shortest)
            .take_while(|i| views.iter().all(|view| view.steps[*i] == first.steps[*i]))
            .count();
        let rest = views.map(|view| -> Vec<Operation> {
            view.steps[same..].iter().map(|step| step.operation.clone()).collect()
        });
        ensure!(
            rest.iter().flatten().all(Operation::is_uniform),
            node.refuse("puts together what numbers of each channel have changed: not supported")
        );
        let single =
            |operations: Vec<Operation>| operations.into_iter().map(Operation::single).collect();
        let common = View { steps: first.steps[..same].to_vec(), ..first.clone() };
        Ok((common, rest.map(single)))
    }

    /// One view alone, with what else the node has.
    pub(crate) fn unary(&mut self, node: Node, view: &View) -> Result<View> {
        let named = |function| Ok::<_, anyhow::Error>(Operation::Function(function));
        let operation = match node.operator() {
            "BatchNormalization" => return self.batch_normalization(node, view),
            "Clip" => self.clip(node)?,
            "PRelu" => {
                node.expect(2, &[])?;
                let slopes = self.constant(node, 1, "slope")?.clone();
                Operation::Slopes(self.numbers(node, view, &slopes, "slope")?)
            }
            "LeakyRelu" => named(Function::LeakyRelu(of(node, "alpha", 0.01)?))?,
            "Elu" => named(Function::Elu(of(node, "alpha", 1.0)?))?,
            "Celu" => named(Function::Celu(of(node, "alpha", 1.0)?))?,
            "Selu" => {
                node.expect(1, &["alpha", "gamma"])?;
                let alpha = node.float("alpha", 1.673_263_2)?;
                named(Function::Selu { alpha, gamma: node.float("gamma", 1.050_701)? })?
            }
            "HardSigmoid" => {
                node.expect(1, &["alpha", "beta"])?;
                let (alpha, beta) = (node.float("alpha", 0.2)?, node.float("beta", 0.5)?);
                named(Function::HardSigmoid { alpha, beta })?
            }
            "Gelu" => {
                node.expect(1, &["approximate"])?;
                match node.text("approximate", "none")? {
                    "tanh" => named(Function::GeluByTanh)?,
                    _ => named(Function::Gelu)?,
                }
            }
            other => {
                node.expect(1, &[])?;
                match other {
                    "Relu" => named(Function::Relu)?,
                    "Tanh" => named(Function::Tanh)?,
                    "Sigmoid" => named(Function::Sigmoid)?,
                    "Softplus" => named(Function::Softplus)?,
                    "Softsign" => named(Function::Softsign)?,
                    "HardSwish" => named(Function::HardSwish)?,
                    "Mish" => named(Function::Mish)?,
                    "Erf" => named(Function::Erf)?,
                    "Exp" => named(Function::Exp)?,
                    "Log" => named(Function::Log)?,
                    "Abs" => named(Function::Abs)?,
                    "Sqrt" => named(Function::Sqrt)?,
                    "Reciprocal" => named(Function::Reciprocal)?,
                    _ => Operation::Affine { scale: vec![-1.0], shift: vec![0.0] },
                }
            }
        };
        self.step(node, view, operation)
    }

    fn batch_normalization(&mut self, node: Node, view: &View) -> Result<View> {
        node.expect(
            5,
            &["epsilon", "momentum", "training_mode", "spatial", "is_test", "consumed_inputs"],
        )?;
        ensure!(
            node.int("training_mode", 0)? == 0 && node.0.output.len() == 1,
            node.refuse("attribute training_mode = 1: export in inference mode, model.eval()")
        );
        ensure!(
            node.int("spatial", 1)? == 1,
            node.refuse("attribute spatial = 0 is not supported: export with opset 9 or later")
        );
        let epsilon = node.float("epsilon", 1e-5)?;
        let view = &self.distinct(node, view)?;
        let channels = view.dims().get(1).copied().unwrap_or(0);
        let vector = |index, what| {
            let tensor = self.floats(node, index, what)?;
            ensure!(
                tensor.1.len() == channels,
                node.refuse(format!("{what} of shape {:?} on {channels} channels", tensor.0))
            );
            Ok(tensor.1.into_iter().map(f64::from).collect::<Vec<_>>())
        };
        let (gamma, beta) = (vector(1, "scale")?, vector(2, "bias")?);
        let (mean, variance) = (vector(3, "mean")?, vector(4, "variance")?);
        if let Some(channel) = variance.iter().position(|v| v + epsilon <= 0.0) {
            let value = variance[channel];
            let what = format!("variance {value} of channel {channel} is no variance");
            return Err(node.refuse(what));
        }
        let scale: Vec<f64> =
            (0..channels).map(|c| gamma[c] / (variance[c] + epsilon).sqrt()).collect();
        let shift: Vec<f64> = (0..channels).map(|c| beta[c] - mean[c] * scale[c]).collect();
        let (scale, shift) = (self.each(node, view, &scale)?, self.each(node, view, &shift)?);
        self.step(node, view, Operation::Affine { scale, shift })
    }

    /// The limits are attributes before opset 11, inputs since then; a missing one is infinite.
    fn clip(&self, node: Node) -> Result<Operation> {
        node.expect(3, &["min", "max"])?;
        let limit = |index: usize, name, missing: f32| {
            // The ends of float32 are what old exporters write for no limit.
            let end = missing.clamp(f32::MIN, f32::MAX);
            let value = if node.input(index).is_empty() {
                node.float(name, end)?
            } else {
                let numbers = self.constant(node, index, name)?.numbers();
                ensure!(numbers.len() == 1, node.refuse(format!("{name} is not one number")));
                numbers[0]
            };
            let value = if value == f64::from(end) { f64::from(missing) } else { value };
            Ok::<_, anyhow::Error>(value)
        };
        let (low, high) = (limit(1, "min", f32::NEG_INFINITY)?, limit(2, "max", f32::INFINITY)?);
        ensure!(low < high, node.refuse(format!("limits {low} and {high} leave nothing between")));
        Ok(Operation::Function(match (low, high) {
            (0.0, f64::INFINITY) => Function::Relu,
            _ => Function::Clip(low, high),
        }))
    }

    /// `view` with one more step.
    pub(crate) fn step(&mut self, node: Node, view: &View, operation: Operation) -> Result<View> {
        if view.origin == Origin::Latent {
            let Operation::Affine { scale, shift } = operation else {
                return Err(node.refuse(
                    "stands before the first Gemm or convolution, on latents or a mixture of labels: these come as \
                     they are; fix labels with --label K, from 0",
                ));
            };
            return self.scaled(node, view, &scale, &shift);
        }
        view.then(node, Step { node: node.name().to_owned(), operation })
    }
}

/// An attribute of an operator that has no other.
fn of(node: Node, name: &str, default: f32) -> Result<f64> {
    node.expect(1, &[name])?;
    node.float(name, default)
}

fn both(binary: Binary, left: Vec<Operation>, right: Vec<Operation>) -> Operation {
    Operation::Both(Box::new(Both { binary, left, right }))
}

/// The sum of max(x, 0) and scale·max(−x, 0), which is Keras' PReLU, as x and the slopes of what is negative.
fn rectified(binary: Binary, a: &View, b: &View) -> Option<(View, Vec<f64>)> {
    let (a, b) = if a.steps.len() < b.steps.len() { (a, b) } else { (b, a) };
    let (last, before) = a.steps.split_last()?;
    let behind = b.steps.strip_prefix(before)?;
    let operations: Vec<&Operation> = behind.iter().map(|step| &step.operation).collect();
    let [
        Operation::Affine { scale: minus, shift: none },
        rectifier,
        Operation::Affine { scale, shift },
    ] = operations[..]
    else {
        return None;
    };
    let relu = Operation::Function(Function::Relu);
    let opposite = minus.iter().all(|n| *n == -1.0) && none.iter().chain(shift).all(|n| *n == 0.0);
    let same = a.origin == b.origin && a.elements == b.elements;
    let fits = binary == Binary::Add && same && opposite;
    let common = View { steps: before.to_vec(), ..a.clone() };
    (fits && last.operation == relu && *rectifier == relu)
        .then(|| (common, scale.iter().map(|n| -n).collect()))
}

/// The larger of x and a part of x is what LeakyReLU is.
fn slopes(binary: Binary, left: Vec<Operation>, right: Vec<Operation>) -> Operation {
    let part = |operations: &[Operation]| match operations {
        [Operation::Affine { scale, shift }] if shift[0] == 0.0 => Some(scale[0]),
        _ => None,
    };
    let slope = match (left.is_empty(), right.is_empty()) {
        (true, _) => part(&right),
        (_, true) => part(&left),
        _ => None,
    };
    match slope {
        Some(slope) if binary == Binary::Max && (0.0..1.0).contains(&slope) => {
            Operation::Function(Function::LeakyRelu(slope))
        }
        _ => both(binary, left, right),
    }
}
