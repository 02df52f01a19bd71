//! Layers that move, repeat or cut off elements.

use crate::checkpoint::keras::call::{Call, Value};
use crate::onnx::graph::{Values, ints, text};
use anyhow::{Context, Result, bail, ensure};

/// Flatten: all axes become one.
pub(super) fn flatten(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    // Keras 2 puts channels last before it flattens, Keras 3 does not.
    ensure!(
        input.shape.len() < 2 || !call.config.channels_first()?,
        "has data_format channels_first, which is not supported here"
    );
    let features = input.shape.iter().product();
    Ok(call.reshaped(&input, vec![features]))
}

/// Reshape: other axes for the same elements, in the same order.
pub(super) fn reshape(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    let len: usize = input.shape.iter().product();
    let target = call.config.integers("target_shape")?;
    let misfit = || format!("makes shape {target:?} of {:?}", input.shape);
    let known = target.iter().filter(|&&side| side != -1);
    let mut known = known.map(|&side| usize::try_from(side).ok().filter(|&side| side > 0));
    let known = known.try_fold(1usize, |product, side| product.checked_mul(side?));
    let known = known.filter(|&known| len.is_multiple_of(known)).with_context(misfit)?;
    let open = target.iter().filter(|&&side| side == -1).count();
    ensure!(open == 1 || (open == 0 && known == len), misfit());
    let side = |&side: &i64| usize::try_from(side).unwrap_or(len / known);
    let shape = target.iter().map(side).collect();
    Ok(call.reshaped(&input, shape))
}

/// Permute: the axes in another order.
pub(super) fn permute(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    let input = call.straight(&input);
    let dims = call.config.integers("dims")?;
    let mut sorted = dims.clone();
    sorted.sort_unstable();
    ensure!(
        sorted.into_iter().eq(1..=input.shape.len() as i64),
        "has dims {dims:?} for shape {:?}",
        input.shape
    );
    let axes: Vec<_> = [0].into_iter().chain(dims.into_iter().map(|axis| axis as usize)).collect();
    let shape = axes[1..].iter().map(|&axis| input.shape[axis - 1]).collect();
    let name = call.node("Transpose", &[&input.name], vec![ints("perm", &axes)]);
    Ok(Value { name, shape, turned: false })
}

/// RepeatVector: features, several times.
pub(super) fn repeat(call: &mut Call) -> Result<Value> {
    let input = call.input()?;
    let &[features] = &input.shape[..] else { bail!("is applied to shape {:?}", input.shape) };
    let times = call.config.count("n")?;
    let input = call.reshaped(&input, vec![1, features]);
    let repeats = call.integers("repeats", &[1, times as i64, 1]);
    let name = call.node("Tile", &[&input.name, &repeats], vec![]);
    Ok(Value { name, shape: vec![times, features], turned: false })
}

/// UpSampling2D: rows and columns repeated, or pixels between them computed.
pub(super) fn upsampling(call: &mut Call) -> Result<Value> {
    let map = call.map()?;
    let [rows, columns] = call.config.pair("size", 2)?;
    let scales = [1.0, 1.0, rows as f32, columns as f32];
    let scales = call.constant("scales", &[4], Values::Float(&scales));
    let attributes = match call.config.text("interpolation", "nearest")? {
        "nearest" => vec![
            text("mode", "nearest"),
            text("coordinate_transformation_mode", "asymmetric"),
            text("nearest_mode", "floor"),
        ],
        "bilinear" => {
            vec![text("mode", "linear"), text("coordinate_transformation_mode", "half_pixel")]
        }
        other => bail!("has the interpolation \"{other}\", which is not supported here"),
    };
    let name = call.node("Resize", &[&map.name, "", &scales], attributes);
    let [height, width] = map.size;
    Ok(map.value(name, map.channels, [height * rows, width * columns]))
}

/// ZeroPadding2D: zeros around a map.
pub(super) fn padding(call: &mut Call) -> Result<Value> {
    let map = call.map()?;
    let [above, below, left, right] = call.config.borders("padding")?;
    let pads = [0, 0, above, left, 0, 0, below, right].map(|side| side as i64);
    let pads = call.integers("pads", &pads);
    let name = call.node("Pad", &[&map.name, &pads], vec![]);
    let [height, width] = map.size;
    Ok(map.value(name, map.channels, [above + height + below, left + width + right]))
}

/// Cropping2D: a map without its borders.
pub(super) fn cropping(call: &mut Call) -> Result<Value> {
    let map = call.map()?;
    let [above, below, left, right] = call.config.borders("cropping")?;
    let [height, width] = map.size;
    ensure!(
        above + below < height && left + right < width,
        "crops all of a map of {height}×{width}"
    );
    let starts = call.integers("starts", &[above as i64, left as i64]);
    let ends = call.integers("ends", &[(height - below) as i64, (width - right) as i64]);
    let axes = call.integers("axes", &[2, 3]);
    let name = call.node("Slice", &[&map.name, &starts, &ends, &axes], vec![]);
    Ok(map.value(name, map.channels, [height - below - above, width - right - left]))
}
