//! What elements of the latent become before the first layer: numbers times what goes in, so that what is
//! put beside noise, added to it or scaled ends up in that layer's weights.

use crate::import::constant::tensor::{ELEMENT_LIMIT, Tensor, broadcast, count};
use crate::import::latent::label::ByLabel;
use crate::import::view::{Origin, View};
use crate::import::{Node, Value, Walk};
use anyhow::{Result, bail, ensure};
use ndarray::ArrayD;

/// Most numbers that elements of the latent are made of, all forms together.
const TERMS: usize = ELEMENT_LIMIT / 16;

/// An element of a latent after what is linear: the sum of elements that go in, times numbers, and a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Form {
    pub(crate) terms: Vec<(usize, f64)>,
    pub(crate) constant: f64,
}

impl Form {
    /// `scale·self + shift`
    pub(crate) fn affine(&self, scale: f64, shift: f64) -> Self {
        let terms = self.terms.iter().map(|(element, number)| (*element, number * scale));
        Self { terms: terms.collect(), constant: self.constant * scale + shift }
    }

    /// `self + scale·other`
    fn plus(&self, scale: f64, other: &Self) -> Self {
        let other = other.affine(scale, 0.0);
        let terms = [&self.terms[..], &other.terms].concat();
        Self { terms, constant: self.constant + other.constant }
    }
}

impl Walk<'_> {
    /// New elements of the latent, in this shape.
    pub(crate) fn form(&mut self, node: Node, dims: &[usize], forms: Vec<Form>) -> Result<View> {
        self.terms += forms.iter().map(|form| form.terms.len() + 1).sum::<usize>();
        ensure!(
            self.terms <= TERMS,
            node.refuse("makes too many numbers of the latents and labels")
        );
        let from = self.forms.len();
        self.forms.extend(forms);
        let elements = (from as i32..self.forms.len() as i32).collect();
        Ok(View::new(Origin::Latent, ArrayD::from_shape_vec(dims.to_vec(), elements)?))
    }

    /// A constant, or what depends on a label alone, as elements of the latent.
    pub(crate) fn as_latent(&mut self, node: Node, value: &Value) -> Result<View> {
        match value {
            Value::View(view) => Ok(view.clone()),
            Value::Constant(tensor) => {
                let form = |constant| Form { terms: Vec::new(), constant };
                let forms = tensor.numbers().into_iter().map(form).collect();
                self.form(node, tensor.dims(), forms)
            }
            Value::ByLabel(ByLabel { begin, tensors }) => {
                let columns: Vec<Vec<f64>> = tensors.iter().map(Tensor::numbers).collect();
                let dims = tensors.first().map_or(&[][..], Tensor::dims);
                let terms = columns.len().saturating_mul(count(dims));
                ensure!(terms <= TERMS, node.refuse("so many numbers for all labels"));
                let form = |element: usize| {
                    let number =
                        |(label, column): (usize, &Vec<f64>)| (begin + label, column[element]);
                    let terms = columns.iter().enumerate().map(number);
                    let terms = terms.filter(|(_, number)| *number != 0.0).collect();
                    Form { terms, constant: 0.0 }
                };
                let len = columns.first().map_or(0, Vec::len);
                self.form(node, dims, (0..len).map(form).collect())
            }
            Value::Refused => bail!(node.refuse("depends on what was refused")),
        }
    }

    /// The elements of a view of the latent.
    fn shown(&self, view: &View) -> Vec<Form> {
        let form =
            |element: &i32| usize::try_from(*element).map(|element| self.forms[element].clone());
        view.elements.iter().map(|element| form(element).unwrap_or_default()).collect()
    }

    /// A view of the latent that shows each of its elements once, and no zeros that were put there.
    pub(crate) fn distinct(&mut self, node: Node, view: &View) -> Result<View> {
        match view.origin {
            Origin::Latent => self.form(node, view.dims(), self.shown(view)),
            Origin::Layer(_) => Ok(view.clone()),
        }
    }

    /// [Distinct](Self::distinct) elements of the latent times numbers, plus numbers, one for all or one
    /// for each.
    pub(crate) fn scaled(
        &mut self,
        node: Node,
        view: &View,
        scale: &[f64],
        shift: &[f64],
    ) -> Result<View> {
        let of = |numbers: &[f64], element: i32| numbers[element as usize % numbers.len()];
        let forms = self.shown(view);
        let forms = forms.iter().zip(view.elements.iter());
        let forms = forms.map(|(form, at)| form.affine(of(scale, *at), of(shift, *at)));
        let forms = forms.collect();
        self.form(node, view.dims(), forms)
    }

    /// The sum of two views of the latent, the second times `scale`.
    pub(crate) fn sum(&mut self, node: Node, a: &View, scale: f64, b: &View) -> Result<View> {
        let refusal =
            || node.refuse(format!("shapes {:?} and {:?} do not fit", a.dims(), b.dims()));
        let dims = broadcast(&[a.dims(), b.dims()]);
        ensure!(count(&dims) <= ELEMENT_LIMIT, refusal());
        let wide = |view: &View| view.broadcast(&dims).ok_or_else(refusal);
        let (a, b) = (self.shown(&wide(a)?), self.shown(&wide(b)?));
        let forms = a.iter().zip(&b).map(|(a, b)| a.plus(scale, b)).collect();
        self.form(node, &dims, forms)
    }
}
