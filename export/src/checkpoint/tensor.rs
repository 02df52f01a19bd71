//! A tensor of a checkpoint, whose numbers are read only when they are needed.

use crate::onnx::shape::ELEMENT_LIMIT;
use anyhow::{Context, Result, bail, ensure};
use ndarray::ArrayD;
use std::cmp::Ordering;
use tract_onnx::prelude::f16;

/// A named tensor and how to read its numbers.
pub struct Tensor {
    /// The name in the file, dictionaries and modules separated by dots.
    pub name: String,
    /// Outermost axis first.
    pub shape: Vec<usize>,
    /// Its place among the tensors of the file, if the format keeps the order of the model's modules.
    pub place: Option<usize>,
    /// What holds it in a file of PyTorch.
    pub holder: Holder,
    read: Box<Read>,
}

/// What holds a tensor in a file of PyTorch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// The keys of the dictionaries inside each other, outermost first, to the state dictionary or whole module.
    pub keys: Vec<String>,
    /// Whether it is a whole module.
    pub is_module: bool,
}

type Read = dyn Fn() -> Result<Vec<f32>>;

/// Types that weights are stored in, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// Single precision.
    F32,
    /// Double precision, which is rounded to single.
    F64,
    /// Whole numbers, which are rounded to single precision.
    I64,
}

impl Tensor {
    /// A tensor whose numbers `read` reads.
    pub fn new(
        name: String,
        shape: Vec<usize>,
        read: impl Fn() -> Result<Vec<f32>> + 'static,
    ) -> Self {
        Self { name, shape, place: None, holder: Holder::default(), read: Box::new(read) }
    }

    /// The same tensor at `place` of its file.
    pub(super) fn at(self, place: Option<usize>) -> Self {
        Self { place, ..self }
    }

    /// The same tensor in `holder`.
    pub(super) fn held_by(self, holder: Holder) -> Self {
        Self { holder, ..self }
    }

    /// This tensor with its axes in the order `axes`, called `name`.
    pub(super) fn turned(self, name: String, axes: Vec<usize>) -> Self {
        let shape = axes.iter().map(|&axis| self.shape[axis]).collect();
        Self::new(name, shape, move || {
            let array = ArrayD::from_shape_vec(self.shape.clone(), self.values()?)?;
            Ok(array.permuted_axes(axes.clone()).iter().copied().collect())
        })
    }

    /// The tensor's numbers in row-major order.
    ///
    /// # Errors
    /// If it is too large, damaged, or has numbers that aren't finite.
    pub fn values(&self) -> Result<Vec<f32>> {
        let (name, shape) = (&self.name, &self.shape);
        let len = shape.iter().try_fold(1usize, |len, &side| len.checked_mul(side));
        let len = len.filter(|&len| len <= ELEMENT_LIMIT);
        let len = len.with_context(|| {
            format!("tensor \"{name}\" of shape {shape:?} has more than {ELEMENT_LIMIT} elements")
        })?;
        let values = (self.read)().with_context(|| format!("tensor \"{name}\""))?;
        ensure!(values.len() == len, "tensor \"{name}\": {} values, not {len}", values.len());
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            bail!("tensor \"{name}\" holds {} at {at}: the training diverged", values[at]);
        }
        Ok(values)
    }
}

impl Element {
    /// The numbers in `bytes`, in single precision.
    ///
    /// # Errors
    /// If `bytes` end within a number.
    pub fn decode(self, bytes: &[u8]) -> Result<Vec<f32>> {
        fn each<const N: usize>(bytes: &[u8], f: impl Fn([u8; N]) -> f32) -> Result<Vec<f32>> {
            let (numbers, []) = bytes.as_chunks::<N>() else {
                bail!("{} bytes are not a multiple of {N}", bytes.len());
            };
            Ok(numbers.iter().map(|&number| f(number)).collect())
        }
        match self {
            Self::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => each(bytes, |[low, high]| f32::from_le_bytes([0, 0, low, high])),
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            Self::I64 => each(bytes, |b| i64::from_le_bytes(b) as f32),
        }
    }
}

/// The order of two names in which `main.9` comes before `main.10`, and `conv2d` before `conv2d_1`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (m, n) = (digits(a), digits(b));
        if m > 0 && n > 0 {
            let (x, y) = (a[..m].trim_start_matches('0'), b[..n].trim_start_matches('0'));
            let order = x.len().cmp(&y.len()).then(x.cmp(y));
            if order.is_ne() {
                return order;
            }
            (a, b) = (&a[m..], &b[n..]);
            continue;
        }
        let (mut rest_a, mut rest_b) = (a.chars(), b.chars());
        match (rest_a.next(), rest_b.next()) {
            (x, y) if x == y && x.is_some() => (a, b) = (rest_a.as_str(), rest_b.as_str()),
            (x, y) => return x.cmp(&y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_count() {
        let order = ["", "a", "a.b", "a2", "a10", "a10.b", "conv2d", "conv2d_1", "conv2d_10"];
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(natural(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(natural("a007", "a7"), Ordering::Equal);
        assert_eq!(natural("ä1é", "ä1è"), 'é'.cmp(&'è'));
    }

    #[test]
    fn elements_become_single_precision() {
        assert_eq!(Element::F16.decode(&[0, 0x3c, 0, 0xc0]).unwrap(), [1.0, -2.0]);
        assert_eq!(Element::Bf16.decode(&[0x80, 0x3f, 0, 0xc0]).unwrap(), [1.0, -2.0]);
        assert_eq!(Element::F32.decode(&1.5f32.to_le_bytes()).unwrap(), [1.5]);
        assert_eq!(Element::F64.decode(&1.5f64.to_le_bytes()).unwrap(), [1.5]);
        assert!(Element::F32.decode(&[0; 7]).is_err());
    }

    #[test]
    fn what_is_no_weight_is_refused() {
        let refused = |tensor: Tensor, expected: &str| {
            let error = format!("{:#}", tensor.values().unwrap_err());
            assert!(error.contains("\"w\"") && error.contains(expected), "{error}");
        };
        let unread = || panic!("too large to be read");
        refused(Tensor::new("w".into(), vec![usize::MAX, 2], unread), "more than 67108864");
        refused(Tensor::new("w".into(), vec![1 << 27], unread), "more than 67108864");
        refused(Tensor::new("w".into(), vec![3], || Ok(vec![0.0; 2])), "2 values, not 3");
        refused(Tensor::new("w".into(), vec![2], || Ok(vec![0.0, f32::NAN])), "NaN at 1");
    }
}
