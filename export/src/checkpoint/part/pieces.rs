//! Makes weights whole that PyTorch stores in pieces: spectral and weight normalisation.

use crate::checkpoint::tensor::Tensor;
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The names of pieces behind the module's, and which piece each is. Both generations of `torch.nn.utils` occur.
const NAMES: [(&str, Piece); 9] = [
    (".weight_orig", Piece::Original),
    (".parametrizations.weight.original", Piece::Original),
    (".weight_u", Piece::Left),
    (".parametrizations.weight.0._u", Piece::Left),
    (".parametrizations.weight.0._v", Piece::Right),
    // Spectral normalisation's right vector, or the direction of weight normalisation.
    (".weight_v", Piece::Right),
    (".weight_g", Piece::Length),
    (".parametrizations.weight.original0", Piece::Length),
    (".parametrizations.weight.original1", Piece::Right),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Original,
    Left,
    Right,
    Length,
}

/// `tensors` with each weight's pieces replaced by the weight. Pieces that are not all there stay as they are.
pub(crate) fn whole(tensors: Vec<Tensor>) -> Vec<Tensor> {
    let mut modules: BTreeMap<String, BTreeMap<Piece, Tensor>> = BTreeMap::new();
    let mut whole = Vec::new();
    for tensor in tensors {
        let split = |&(end, piece): &(&str, Piece)| Some((tensor.name.strip_suffix(end)?, piece));
        match NAMES.iter().find_map(split) {
            Some((module, piece)) => {
                modules.entry(module.to_owned()).or_default().insert(piece, tensor);
            }
            None => whole.push(tensor),
        }
    }
    for (module, mut pieces) in modules {
        let name = format!("{module}.weight");
        let kinds: Vec<_> = pieces.keys().copied().collect();
        let mut take = |piece| pieces.remove(&piece);
        match kinds[..] {
            [Piece::Original, Piece::Left, Piece::Right] => {
                let three = (take(Piece::Original), take(Piece::Left), take(Piece::Right));
                let (Some(original), Some(u), Some(v)) = three else { continue };
                whole.push(composed(name, original, move |w| {
                    spectral(&w.values()?, &w.shape, &u.values()?, &v.values()?)
                }));
            }
            [Piece::Right, Piece::Length] => {
                let (Some(v), Some(g)) = (take(Piece::Right), take(Piece::Length)) else {
                    continue;
                };
                whole.push(composed(name, v, move |v| {
                    weight_norm(&v.values()?, &v.shape, &g.values()?, &g.shape)
                }));
            }
            _ => whole.extend(pieces.into_values()),
        }
    }
    whole
}

/// The tensor `name`, in the shape and at the place of `piece`, whose numbers are `values` of it.
fn composed(
    name: String,
    piece: Tensor,
    values: impl Fn(&Tensor) -> Result<Vec<f32>> + 'static,
) -> Tensor {
    let (shape, place, holder) = (piece.shape.clone(), piece.place, piece.holder.clone());
    let piece = Rc::new(piece);
    Tensor::new(name, shape, move || values(&piece)).at(place).held_by(holder)
}

/// `weight` divided by its largest singular value, which is u·Wv in evaluation (`torch.nn.utils.spectral_norm`). The
/// rows of W are the weight's first axis, or the second of a transposed convolution: the one along which `u` and `v` are
/// its singular vectors.
fn spectral(weight: &[f32], shape: &[usize], u: &[f32], v: &[f32]) -> Result<Vec<f32>> {
    let &[first, second, ..] = shape else { anyhow::bail!("has a shape of one axis") };
    let area: usize = shape[2..].iter().product();
    let sigma = |rows: usize, row: &dyn Fn(usize) -> usize, column: &dyn Fn(usize) -> usize| {
        if u.len() != rows || u.len() * v.len() != weight.len() {
            return 0.0;
        }
        weight.iter().enumerate().fold(0.0, |sum, (at, &w)| {
            sum + f64::from(w) * f64::from(u[row(at)]) * f64::from(v[column(at)])
        })
    };
    let (columns, block) = (second * area, area);
    let along_first = sigma(first, &|at| at / columns, &|at| at % columns);
    let along_second =
        sigma(second, &|at| at / block % second, &|at| at / columns * block + at % block);
    let largest = along_first.max(along_second);
    ensure!(largest > 0.0, "spectral norm's vectors do not fit: save the model in evaluation mode");
    Ok(weight.iter().map(|&w| (f64::from(w) / largest) as f32).collect())
}

/// The directions `v` with the lengths `g` (`torch.nn.utils.weight_norm`): one length for each index of the axis that `g`
/// has, or one for all.
fn weight_norm(v: &[f32], shape: &[usize], g: &[f32], lengths: &[usize]) -> Result<Vec<f32>> {
    let axis = lengths.iter().position(|&side| side > 1).unwrap_or(0);
    let fits = g.len() == 1 || (lengths.len() == shape.len() && lengths[axis] == shape[axis]);
    ensure!(fits, "weight norm's lengths of shape {lengths:?} do not fit {shape:?}");
    let inner: usize = shape[axis + 1..].iter().product();
    let group = |at: usize| if g.len() == 1 { 0 } else { at / inner % shape[axis] };
    let mut squares = vec![0.0; g.len()];
    for (at, &v) in v.iter().enumerate() {
        squares[group(at)] += f64::from(v).powi(2);
    }
    let scaled = |(at, &v): (usize, &f32)| {
        (f64::from(v) * f64::from(g[group(at)]) / squares[group(at)].sqrt()) as f32
    };
    Ok(v.iter().enumerate().map(scaled).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tensors whose numbers are 1, 2, 3, …
    fn tensor(name: &str, shape: &[usize]) -> Tensor {
        let len: usize = shape.iter().product();
        let values = move || Ok((1..=len).map(|value| value as f32).collect());
        Tensor::new(name.to_owned(), shape.to_vec(), values)
    }

    #[test]
    fn a_weight_in_pieces_is_made_whole() {
        let spectral = [("c.weight_orig", [3, 2]), ("c.weight_u", [3, 1]), ("c.weight_v", [2, 1])];
        let spectral = spectral.map(|(name, shape)| match shape {
            [len, 1] => tensor(name, &[len]),
            _ => tensor(name, &shape),
        });
        let whole = whole(spectral.into());
        assert_eq!((whole[0].name.as_str(), &whole[0].shape[..]), ("c.weight", &[3, 2][..]));
        // u·Wv with W = [[1, 2], [3, 4], [5, 6]]: 1·5 + 2·11 + 3·17.
        let expected = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(|w: f32| w / 78.0);
        assert_eq!(whole[0].values().unwrap(), expected);
    }

    #[test]
    fn transposed_weights_are_normalised_along_their_second_axis() {
        let weight: Vec<f32> = (1..=8).map(|w| w as f32).collect();
        // Along the second axis: rows [1, 2, 5, 6] and [3, 4, 7, 8].
        let (u, v) = ([0.0, 1.0], [1.0, 0.0, 0.0, 2.0]);
        let scaled = spectral(&weight, &[2, 2, 1, 2], &u, &v).unwrap();
        // Along the first, the sum would be 5 + 16: the larger one is right.
        assert_eq!(scaled[0], 1.0 / 21.0);
        let v = [1.0, 0.0, 2.0, 0.0];
        assert_eq!(spectral(&weight, &[2, 2, 1, 2], &u, &v).unwrap()[0], 1.0 / 19.0);
    }

    #[test]
    fn lengths_are_those_of_weight_norm() {
        let v = [3.0, 4.0, 0.0, 2.0];
        assert_eq!(weight_norm(&v, &[2, 2], &[10.0, 1.0], &[2, 1]).unwrap(), [6.0, 8.0, 0.0, 1.0]);
        let along_second = weight_norm(&[3.0, 0.0, 4.0, 2.0], &[2, 2], &[10.0, 1.0], &[1, 2]);
        assert_eq!(along_second.unwrap(), [6.0, 0.0, 8.0, 1.0]);
        assert!(weight_norm(&v, &[2, 2], &[1.0; 3], &[3, 1]).is_err());
    }

    #[test]
    fn pieces_without_the_others_stay() {
        let left = whole(vec![tensor("c.weight_orig", &[2, 2]), tensor("c.weight_u", &[2])]);
        assert_eq!(left.len(), 2);
    }
}
