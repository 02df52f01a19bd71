//! Encodes animated GIFs.

use anyhow::Result;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, DynamicImage, Frame};

/// Speed of the encoder's colour quantisation: 1 is slow and exact, 30 is fast.
const SPEED: i32 = 10;

/// Encodes a GIF that repeats for ever. Each frame has the number of milliseconds for which it is shown.
///
/// # Errors
///
/// If a frame is itself an error, or the encoder refuses it.
pub fn encode(frames: impl IntoIterator<Item = Result<(DynamicImage, u32)>>) -> Result<Vec<u8>> {
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut gif, SPEED);
    encoder.set_repeat(Repeat::Infinite)?;
    for frame in frames {
        let (image, milliseconds) = frame?;
        let delay = Delay::from_numer_denom_ms(milliseconds, 1);
        encoder.encode_frame(Frame::from_parts(image.into_rgba8(), 0, 0, delay))?;
    }
    drop(encoder);
    Ok(gif)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::codecs::gif::GifDecoder;
    use image::{AnimationDecoder, DynamicImage, Rgb, RgbImage};

    use super::encode;

    #[test]
    fn frames_have_their_times() {
        let frame = |grey| DynamicImage::from(RgbImage::from_pixel(2, 2, Rgb([grey; 3])));
        let gif = encode([Ok((frame(0), 250)), Ok((frame(255), 2000))]).unwrap();
        let frames = GifDecoder::new(Cursor::new(gif)).unwrap().into_frames();
        let frames = frames.collect_frames().unwrap();
        let times = frames.iter().map(|frame| frame.delay().numer_denom_ms().0);
        assert_eq!(times.collect::<Vec<_>>(), [250, 2000]);
        assert!(encode([Err(anyhow::anyhow!("no frame"))]).is_err());
    }
}
