//! A node of the graph: its attributes, checked for type and range, and the error that refuses it.

use crate::network::function::Function;
use anyhow::{Result, anyhow, ensure};
use std::fmt::Display;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, NodeProto};

/// A node of the graph.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a>(pub(crate) &'a NodeProto);

impl<'a> Node<'a> {
    /// The name to find the node by in a viewer: its own, or its first output's where it has none.
    pub(crate) fn name(self) -> &'a str {
        match self.0.name.as_str() {
            "" => self.0.output.first().map_or("?", String::as_str),
            name => name,
        }
    }

    /// The name of input `index`; empty where it is left out.
    pub(crate) fn input(self, index: usize) -> &'a str {
        self.0.input.get(index).map_or("", String::as_str)
    }

    /// The error that refuses this node, because of `why`.
    pub(crate) fn refuse(self, why: impl Display) -> anyhow::Error {
        anyhow!("node \"{}\" ({}): {why}", self.name(), self.0.op_type)
    }

    /// `axis` of a tensor of rank `rank`, counted from the end where it is below 0.
    pub(crate) fn axis(self, axis: i64, rank: usize) -> Result<usize> {
        let at = if axis < 0 { axis + rank as i64 } else { axis };
        let at = usize::try_from(at).ok().filter(|at| *at < rank);
        at.ok_or_else(|| self.refuse(format!("axis {axis} is out of range for rank {rank}")))
    }

    /// Refuses the node if it has more than `inputs` inputs, or an attribute that is not one of `attributes`, which
    /// spaces separate.
    pub(crate) fn expect(self, inputs: usize, attributes: &str) -> Result<()> {
        for attribute in &self.0.attribute {
            ensure!(
                attributes.split_whitespace().any(|name| name == attribute.name),
                self.refuse(format!("attribute {} is not supported", attribute.name))
            );
        }
        let got = self.0.input.len();
        ensure!(got <= inputs, self.refuse(format!("has {got} inputs, {inputs} are supported")));
        Ok(())
    }

    /// `function`, of a node that has one input and no attributes.
    pub(crate) fn plain(self, function: Function) -> Result<Function> {
        self.expect(1, "")?;
        Ok(function)
    }

    /// The attributes of a node that has one input and no others, each a name and a default.
    pub(crate) fn numbers<const N: usize>(self, of: [(&str, f32); N]) -> Result<[f64; N]> {
        self.expect(1, &of.map(|(name, _)| name).join(" "))?;
        let mut numbers = [0.0; N];
        for (number, (name, default)) in numbers.iter_mut().zip(of) {
            *number = self.float(name, default)?;
        }
        Ok(numbers)
    }

    /// The attribute `name`, if the node has it.
    fn attribute(self, name: &str, kind: AttributeType) -> Result<Option<&'a AttributeProto>> {
        let Some(attribute) = self.0.attribute.iter().find(|a| a.name == name) else {
            return Ok(None);
        };
        // Files of the first IR versions leave the type out.
        let fits = [kind as i32, AttributeType::Undefined as i32].contains(&attribute.r#type);
        ensure!(fits, self.refuse(format!("attribute {name} has the wrong type")));
        Ok(Some(attribute))
    }

    /// A whole number.
    pub(crate) fn int(self, name: &str, default: i64) -> Result<i64> {
        Ok(self.attribute(name, AttributeType::Int)?.map_or(default, |a| a.i))
    }

    /// A finite number.
    pub(crate) fn float(self, name: &str, default: f32) -> Result<f64> {
        let value = self.attribute(name, AttributeType::Float)?.map_or(default, |a| a.f);
        ensure!(value.is_finite(), self.refuse(format!("attribute {name} = {value}")));
        Ok(f64::from(value))
    }

    /// A list of whole numbers, if the node has it.
    pub(crate) fn ints(self, name: &str) -> Result<Option<&'a [i64]>> {
        Ok(self.attribute(name, AttributeType::Ints)?.map(|a| a.ints.as_slice()))
    }

    /// A list of numbers, if the node has it.
    pub(crate) fn floats(self, name: &str) -> Result<Option<&'a [f32]>> {
        Ok(self.attribute(name, AttributeType::Floats)?.map(|a| a.floats.as_slice()))
    }

    /// A text.
    pub(crate) fn text(self, name: &str, default: &'a str) -> Result<&'a str> {
        let Some(attribute) = self.attribute(name, AttributeType::String)? else {
            return Ok(default);
        };
        std::str::from_utf8(&attribute.s)
            .map_err(|_| self.refuse(format!("attribute {name} is not text")))
    }

    /// A list of two whole numbers, for rows and columns, each in 0…255; `default` for both if it is missing.
    pub(crate) fn pair(self, name: &str, default: usize) -> Result<[usize; 2]> {
        match self.ints(name)? {
            None => Ok([default; 2]),
            Some(&[rows, columns]) => {
                let small = |value| u8::try_from(value).ok().map(usize::from);
                let pair = small(rows).zip(small(columns)).map(|(r, c)| [r, c]);
                pair.ok_or_else(|| {
                    self.refuse(format!("attribute {name} = [{rows}, {columns}], possible: 0…255"))
                })
            }
            Some(other) => Err(self.refuse(format!(
                "attribute {name} = {other:?}: only two-dimensional maps are supported"
            ))),
        }
    }
}
