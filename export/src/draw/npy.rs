//! Pictures as a NumPy array.

use crate::draw::Drawing;
use anyhow::Result;
use gen_core::Shape;
use ndarray::Array4;
use ndarray_npy::WriteNpyExt;

/// The bytes of a `.npy` of shape `[n, channels, height, width]`: float32 if the drawings hold float values, else
/// uint8. There is at least one drawing, and all are of one kind and of size `image`.
///
/// # Errors
///
/// If a drawing has another kind or size.
pub fn encode(drawings: &[Drawing], image: Shape) -> Result<Vec<u8>> {
    let shape = (drawings.len(), image.channels, image.height, image.width);
    let (mut values, mut pixels) = (Vec::<f32>::new(), Vec::<u8>::new());
    for drawing in drawings {
        match drawing {
            Drawing::Float(drawn) => values.extend(drawn),
            Drawing::Pixels(picture) => pixels.extend(&picture.pixels),
        }
    }
    let mut bytes = Vec::new();
    if pixels.is_empty() {
        Array4::from_shape_vec(shape, values)?.write_npy(&mut bytes)?;
    } else {
        Array4::from_shape_vec(shape, pixels)?.write_npy(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Planes;
    use ndarray_npy::ReadNpyExt;

    #[test]
    fn arrays_come_back() {
        let floats = [Drawing::Float(vec![0.5, -1.0]), Drawing::Float(vec![1.0, 2.0])];
        let bytes = encode(&floats, Shape { height: 1, width: 2, channels: 1 }).unwrap();
        let array = Array4::<f32>::read_npy(&*bytes).unwrap();
        assert_eq!(array.shape(), [2, 1, 1, 2]);
        assert_eq!(array.into_raw_vec_and_offset().0, [0.5, -1.0, 1.0, 2.0]);
        let picture = Planes { channels: 1, height: 2, width: 1, pixels: vec![7, 8] };
        let bytes = encode(&[Drawing::Pixels(picture)], Shape { height: 2, width: 1, channels: 1 })
            .unwrap();
        assert_eq!(Array4::<u8>::read_npy(&*bytes).unwrap().into_raw_vec_and_offset().0, [7, 8]);
    }
}
