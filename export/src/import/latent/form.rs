//! What is done to the latent before the first layer: sums of its elements, each times a number. What is joined with
//! noise, added to it or scales it becomes part of the first layer's weights.

use crate::import::constant::tensor::Tensor;
use crate::import::node::Node;
use crate::import::value::{ByLabel, Value};
use crate::import::view::{Origin, View};
use crate::latent::{normalized as normalized_part, places};
use crate::network::operation::{Operation, Step};
use crate::onnx::shape::{ELEMENT_LIMIT, broadcast, count};
use anyhow::{Result, bail, ensure};
use gen_core::format::DIMENSION_LIMIT;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use ndarray::ArrayD;
use std::collections::HashSet;
use std::ops::Range;

/// Maximum number of terms of all forms together.
const TERMS: usize = ELEMENT_LIMIT / 16;

/// The element `NORMALIZED + i` of a form is element i after its part of the latent has been normalised.
pub(crate) const NORMALIZED: usize = DIMENSION_LIMIT;

/// A linear combination of the latent's elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Form {
    /// Elements of the latent, or [`NORMALIZED`] ones, and their factors.
    pub(crate) terms: Vec<(usize, f64)>,
    /// What is added.
    pub(crate) constant: f64,
}

impl Form {
    /// `scale·self + shift`
    fn affine(&self, scale: f64, shift: f64) -> Self {
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

/// All forms that the graph makes of the latent. The elements of a [view](View) of the latent are indices of forms.
pub(crate) struct Forms {
    forms: Vec<Form>,
    /// Whether labels are among the latent's elements.
    labels: bool,
    /// Terms and constants of all of them.
    terms: usize,
    /// The elements, also [`NORMALIZED`] ones, that first layers read.
    read: HashSet<usize>,
}

impl Forms {
    /// The elements themselves of a latent of these parts.
    pub(crate) fn new(latent: &[DraftPart]) -> Self {
        let len = latent.iter().map(|part| part.len).sum();
        let element = |element| Form { terms: vec![(element, 1.0)], constant: 0.0 };
        let labels = latent.iter().any(|part| part.distribution == Distribution::OneHot);
        Self { forms: (0..len).map(element).collect(), labels, terms: 0, read: HashSet::new() }
    }

    /// The end of a message about something that a latent with labels may not do, and a latent alone may.
    pub(crate) fn advice(&self) -> &'static str {
        if self.labels { ": choose the label with --label K, from 0" } else { "" }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.forms.len()
    }

    /// Form `index`.
    pub(crate) fn get(&self, index: usize) -> &Form {
        &self.forms[index]
    }

    /// A view of shape `dims` of new forms.
    fn add(&mut self, node: Node, dims: &[usize], forms: Vec<Form>) -> Result<View> {
        self.terms += forms.iter().map(|form| form.terms.len() + 1).sum::<usize>();
        ensure!(
            self.terms <= TERMS,
            node.refuse(format!("makes more than {TERMS} terms of latents and labels"))
        );
        let from = self.forms.len();
        self.forms.extend(forms);
        let elements = (from as i32..self.forms.len() as i32).collect();
        Ok(View::new(Origin::Latent, ArrayD::from_shape_vec(dims.to_vec(), elements)?))
    }

    /// `value` as a view: a constant, or a tensor that depends on a label alone, becomes forms of the latent.
    pub(crate) fn view(&mut self, node: Node, value: &Value) -> Result<View> {
        match value {
            Value::View(view) => Ok(view.clone()),
            Value::Constant(tensor) => {
                let form = |constant| Form { terms: Vec::new(), constant };
                let forms = tensor.numbers().into_iter().map(form).collect();
                self.add(node, tensor.dims(), forms)
            }
            Value::ByLabel(ByLabel { begin, tensors }) => {
                let columns: Vec<Vec<f64>> = tensors.iter().map(Tensor::numbers).collect();
                let dims = tensors.first().map_or(&[][..], Tensor::dims);
                let terms = columns.len().saturating_mul(count(dims));
                ensure!(
                    terms <= TERMS,
                    node.refuse("has too many numbers for all labels together")
                );
                let form = |element: usize| {
                    let number =
                        |(label, column): (usize, &Vec<f64>)| (begin + label, column[element]);
                    let terms = columns.iter().enumerate().map(number);
                    let terms = terms.filter(|(_, number)| *number != 0.0).collect();
                    Form { terms, constant: 0.0 }
                };
                let len = columns.first().map_or(0, Vec::len);
                self.add(node, dims, (0..len).map(form).collect())
            }
            Value::Length(_) => {
                bail!(node.refuse("joins the length of the latents with something else"))
            }
            Value::Refused => bail!(node.refuse("depends on a node that was refused")),
        }
    }

    /// The forms that `view`, of the latent, shows; a padding's zero is an empty form.
    fn shown(&self, view: &View) -> Vec<Form> {
        let form =
            |element: &i32| usize::try_from(*element).map(|element| self.forms[element].clone());
        view.elements.iter().map(|element| form(element).unwrap_or_default()).collect()
    }

    /// The same tensor as `view`, with a form of its own for each element if `view` is of the latent: none shown
    /// twice, and no padding.
    pub(crate) fn distinct(&mut self, node: Node, view: &View) -> Result<View> {
        match view.origin {
            Origin::Latent => self.add(node, view.dims(), self.shown(view)),
            Origin::Layer(_) => Ok(view.clone()),
        }
    }

    /// `view` after `operation`: one more step on a layer's output, or new forms of the latent. The elements of a
    /// view of the latent must be [distinct](Self::distinct).
    ///
    /// # Errors
    /// If the operation on the latent is not affine, or `view` takes no more steps.
    pub(crate) fn then(&mut self, node: Node, view: &View, operation: Operation) -> Result<View> {
        if let Origin::Layer(_) = view.origin {
            return view.then(node, Step { node: node.name().to_owned(), operation });
        }
        let Operation::Affine { scale, shift } = operation else {
            return Err(node.refuse(format!(
                "stands before the first Gemm or convolution, where latents and mixtures of labels can only be scaled \
                 and added{}",
                self.advice()
            )));
        };
        let of = |numbers: &[f64], element: i32| numbers[element as usize % numbers.len()];
        let forms = self.shown(view);
        let forms = forms.iter().zip(view.elements.iter());
        let forms = forms.map(|(form, at)| form.affine(of(&scale, *at), of(&shift, *at)));
        let forms = forms.collect();
        self.add(node, view.dims(), forms)
    }

    /// `view`, of elements of the latent's `part`, times `factor` after the part has been normalised. `None` if it shows
    /// anything else.
    ///
    /// # Errors
    /// If there are too many forms.
    pub(crate) fn normalized(
        &mut self,
        node: Node,
        view: &View,
        part: &Range<usize>,
        factor: f64,
    ) -> Result<Option<View>> {
        let forms = self.shown(view);
        let fits = |form: &Form| {
            form.constant == 0.0 && form.terms.iter().all(|(element, _)| part.contains(element))
        };
        if !forms.iter().all(fits) {
            return Ok(None);
        }
        let term = |(element, number): &(usize, f64)| (element + NORMALIZED, number * factor);
        let forms = forms
            .iter()
            .map(|form| Form { terms: form.terms.iter().map(term).collect(), constant: 0.0 });
        let forms = forms.collect();
        self.add(node, view.dims(), forms).map(Some)
    }

    /// Notes that a first layer reads `view`, of the latent.
    pub(crate) fn read(&mut self, view: &View) {
        let known = view.elements.iter().filter_map(|at| usize::try_from(*at).ok());
        let elements = known.flat_map(|at| &self.forms[at].terms).map(|(element, _)| *element);
        self.read.extend(elements);
    }

    /// `latent` with the parts normalised whose normalised elements first layers read.
    ///
    /// # Errors
    /// If they read elements of the same part that are not.
    pub(crate) fn parts(&self, latent: Vec<DraftPart>) -> Result<Vec<DraftPart>> {
        let places: Vec<Range<usize>> = places(&latent).collect();
        let part = |(part, place): (DraftPart, Range<usize>)| {
            let (plain, normalized) = (
                place.clone().any(|element| self.read.contains(&element)),
                place.clone().any(|element| self.read.contains(&(element + NORMALIZED))),
            );
            ensure!(
                !plain || !normalized,
                "uses \"{}\" both normalised and as it is: only one of both is supported",
                part.name
            );
            Ok(if normalized { normalized_part(part) } else { part })
        };
        latent.into_iter().zip(places).map(part).collect()
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
        self.add(node, &dims, forms)
    }
}
