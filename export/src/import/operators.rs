//! What each operator does, to constants and to views.

use crate::import::constant::evaluate;
use crate::import::constant::tensor::{ELEMENT_LIMIT, Tensor, count};
use crate::import::layer::chain::check_map;
use crate::import::view::{Origin, View};
use crate::import::{Node, Value, Walk, elementwise, moves};
use crate::network::Kind;
use anyhow::{Result, bail, ensure};
use tract_onnx::pb::NodeProto;

impl Walk<'_> {
    /// A node whose inputs are constants.
    pub(crate) fn constants(&self, node: Node, inputs: &[&Tensor]) -> Result<Vec<Value>> {
        let one = |tensor| Ok(vec![Value::Constant(tensor)]);
        let given = !inputs.is_empty() || node.operator() == "Constant";
        ensure!(given, node.refuse("has no inputs"));
        match node.operator() {
            "Constant" => one(evaluate::constant(node, self.opset)?),
            "Shape" => one(shape(node, inputs[0].dims())?),
            "Size" => one(Tensor::ints(vec![count(inputs[0].dims()) as i64])),
            "Cast" => one(inputs[0].cast(node)?),
            "CastLike" => one(inputs[0].like(inputs.get(1).copied(), node)?),
            "Dropout" => one(inputs[0].clone()),
            "Range" => {
                let number = |i: usize| inputs.get(i).and_then(|it| it.numbers().first().copied());
                let numbers = [number(0), number(1), number(2)].map(|n| n.unwrap_or(f64::NAN));
                one(evaluate::range(node, numbers)?)
            }
            "ConstantOfShape" => {
                let value = node.0.attribute.iter().any(|it| it.name == "value");
                let proto =
                    NodeProto { op_type: "Constant".to_owned(), input: vec![], ..node.0.clone() };
                let value = value.then(|| evaluate::constant(Node(&proto), self.opset));
                let shape = inputs[0].whole().unwrap_or_default();
                one(evaluate::constant_of_shape(node, &shape, value.transpose()?)?)
            }
            "Concat" => {
                let parts: Vec<Tensor> = inputs.iter().map(|it| (*it).clone()).collect();
                one(concatenated(node, &parts)?)
            }
            operator if moves::OPERATORS.contains(&operator) => {
                let mut parts = vec![inputs[0].clone()];
                for layout in self.layouts(node, inputs[0].dims())? {
                    parts = parts[0].moved(&layout, node)?;
                }
                Ok(parts.into_iter().map(Value::Constant).collect())
            }
            operator if evaluate::is_arithmetic(operator) => {
                one(evaluate::arithmetic(node, inputs, self.opset)?)
            }
            _ => bail!(node.refuse("this operator is not supported on constants")),
        }
    }

    /// A node that a view goes into.
    pub(crate) fn operator(&mut self, node: Node, inputs: &[Value]) -> Result<Vec<Value>> {
        // Not all of it depends on a label alone.
        let mixed = |value: &Value| match value {
            Value::ByLabel(_) => Ok(Value::View(self.as_latent(node, value)?)),
            value => Ok(value.clone()),
        };
        let inputs: &[Value] = &inputs.iter().map(mixed).collect::<Result<Vec<_>>>()?;
        let first = match inputs.first() {
            Some(Value::View(view)) => Some(view.clone()),
            _ => None,
        };
        let operator = node.operator();
        let view = || first.clone().ok_or_else(|| node.refuse("its first input is a constant"));
        let value = match operator {
            "Gemm" => self.gemm(node, &view()?)?,
            "MatMul" => self.matmul(node, &view()?)?,
            "ConvTranspose" => self.transposed(node, &view()?)?,
            "Conv" => self.plain(node, &view()?)?,
            "Concat" => self.concat(node, inputs)?,
            "Dropout" => {
                node.expect(3, &["ratio", "seed", "is_test"])?;
                let training = match node.input(2) {
                    "" => false,
                    _ => self.constant(node, 2, "training_mode")?.numbers() != [0.0],
                };
                ensure!(
                    !training,
                    node.refuse("training_mode is on: export in inference mode, model.eval()")
                );
                view()?
            }
            "Cast" => {
                let to = node.int("to", 0)?;
                // Float, uint8, float16, double. What becomes of pictures as bytes is the pixel rule's.
                ensure!(
                    [1, 2, 10, 11].contains(&to),
                    node.refuse(format!("attribute to = {to}: export pictures as float32"))
                );
                view()?
            }
            "Shape" => {
                return Ok(vec![Value::Constant(shape(node, view()?.dims())?)]);
            }
            "Size" => {
                let size = view()?.elements.len() as i64;
                return Ok(vec![Value::Constant(Tensor::ints(vec![size]))]);
            }
            _ if moves::OPERATORS.contains(&operator) => {
                let mut parts = vec![view()?];
                for layout in self.layouts(node, parts[0].dims())? {
                    parts = parts[0].moved(&layout, node)?;
                }
                return Ok(parts.into_iter().map(Value::View).collect());
            }
            "PRelu" => self.unary(node, &view()?)?,
            "Where" => self.where_node(node, inputs)?,
            "Not" => bail!(node.refuse("is supported on constants only")),
            _ if elementwise::BINARY.contains(&operator) => match inputs {
                [Value::View(a), Value::View(b)] => self.with_view(node, a, b)?,
                [Value::View(a), Value::Constant(b)] => self.with_constant(node, a, b, false)?,
                [Value::Constant(a), Value::View(b)] => self.with_constant(node, b, a, true)?,
                [Value::View(a)] => a.clone(),
                _ => bail!(node.refuse("more than two inputs are not supported")),
            },
            _ if elementwise::UNARY.contains(&operator) => self.unary(node, &view()?)?,
            "InstanceNormalization" | "LayerNormalization" | "GroupNormalization"
            | "LpNormalization" | "MeanVarianceNormalization" => bail!(node.refuse(
                "normalises by what a picture's whole map comes to, which a device that computes rows does \
                 not have: train with BatchNormalization"
            )),
            _ => bail!(node.refuse(
                "this operator is not supported; supported are Gemm, MatMul, ConvTranspose, Conv, \
                 BatchNormalization, functions of single elements, Upsample and Resize by whole factors, and \
                 whatever only moves elements"
            )),
        };
        if let Origin::Layer(index) = value.origin
            && self.layers[index].kind != Kind::Dense
        {
            let [height, width, channels] = self.layers[index].output();
            check_map(node, [channels, height, width])?;
        }
        Ok(vec![Value::View(value)])
    }

    fn where_node(&mut self, node: Node, inputs: &[Value]) -> Result<View> {
        let [Value::View(condition), a, b] = inputs else {
            bail!(node.refuse("its condition is a constant"));
        };
        let side = |value: &Value| match value {
            Value::View(view) => Ok((view.clone(), None)),
            Value::Constant(tensor) if tensor.numbers().len() == 1 => {
                Ok((condition.clone(), tensor.numbers().first().copied()))
            }
            _ => Err(node.refuse("chooses between maps of constants: not supported")),
        };
        let (a, b) = (side(a)?, side(b)?);
        self.choice(node, condition, (&a.0, a.1), (&b.0, b.1))
    }

    /// The input of a refused node, if that is likely to have been of its output's shape.
    pub(crate) fn unchanged(&self, node: Node) -> Option<Value> {
        let operator = node.operator();
        let same = elementwise::UNARY.contains(&operator)
            || elementwise::BINARY.contains(&operator)
            || operator.ends_with("Normalization")
            || operator == "Softmax";
        same.then(|| self.values.get(node.input(0)).cloned()).flatten()
    }

    /// Views of the same elements, or whatever can be made of latents, labels and constants.
    fn concat(&mut self, node: Node, inputs: &[Value]) -> Result<View> {
        let views: Vec<View> =
            inputs.iter().map(|value| self.as_latent(node, value)).collect::<Result<_>>()?;
        let Some(first) = views.first().cloned() else { bail!(node.refuse("has no inputs")) };
        let same = |view: &View| view.origin == first.origin && view.steps == first.steps;
        if !views.iter().all(same) {
            return self.beside(node, views);
        }
        let parts: Vec<_> = views.iter().map(|view| (*view.elements).clone()).collect();
        let elements = join(node, &parts)?;
        Ok(View { elements: std::sync::Arc::new(elements), ..first })
    }
}

/// What Shape gives.
fn shape(node: Node, dims: &[usize]) -> Result<Tensor> {
    let rank = dims.len() as i64;
    let at = |name: &str, default: i64| -> Result<usize> {
        let at = node.int(name, default)?;
        Ok((if at < 0 { at + rank } else { at }).clamp(0, rank) as usize)
    };
    let (start, end) = (at("start", 0)?, at("end", rank)?);
    let sizes = dims.get(start..end.max(start)).unwrap_or_default();
    Ok(Tensor::ints(sizes.iter().map(|size| *size as i64).collect()))
}

fn concatenated(node: Node, parts: &[Tensor]) -> Result<Tensor> {
    let floats = parts.iter().map(|it| match it {
        Tensor::Floats(array) => Some(array.clone()),
        _ => None,
    });
    let ints = parts.iter().map(|it| match it {
        Tensor::Ints(array) => Some(array.clone()),
        _ => None,
    });
    match (floats.collect::<Option<Vec<_>>>(), ints.collect::<Option<Vec<_>>>()) {
        (Some(floats), _) => Ok(Tensor::Floats(join(node, &floats)?)),
        (_, Some(ints)) => Ok(Tensor::Ints(join(node, &ints)?)),
        _ => Err(node.refuse("puts different types together")),
    }
}

/// The axis of a Concat of tensors of this rank.
pub(crate) fn axis(node: Node, rank: usize) -> Result<usize> {
    let axis = node.int("axis", 1)?;
    let at = if axis < 0 { axis + rank as i64 } else { axis };
    ensure!((0..rank as i64).contains(&at), node.refuse(format!("attribute axis = {axis}")));
    Ok(at as usize)
}

/// One tensor behind the other along the node's axis.
pub(crate) fn join<T: Clone>(
    node: Node,
    parts: &[ndarray::ArrayD<T>],
) -> Result<ndarray::ArrayD<T>> {
    let rank = parts.first().map_or(0, |part| part.ndim());
    let at = axis(node, rank)?;
    let ranks = parts.iter().all(|part| part.ndim() == rank);
    ensure!(ranks, node.refuse("its inputs' shapes do not fit"));
    let total = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
    ensure!(total <= ELEMENT_LIMIT, node.refuse("gives too many elements"));
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    let joined = ndarray::concatenate(ndarray::Axis(at), &views);
    joined.map_err(|_| node.refuse("its inputs' shapes do not fit"))
}
