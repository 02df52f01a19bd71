//! The pixel rule: maps output values to pixels of 0 to 255.

use crate::picture::Planes;
use anyhow::{Result, ensure};

/// Linear map from output values to pixels: `low` becomes 0, `high` becomes 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelRule {
    /// The value of pixel 0.
    pub low: f64,
    /// The value of pixel 255.
    pub high: f64,
}

impl PixelRule {
    /// [−1, 1], the range of tanh.
    pub const SIGNED: Self = Self { low: -1.0, high: 1.0 };
    /// [0, 1], the range of the sigmoid.
    pub const UNIT: Self = Self { low: 0.0, high: 1.0 };
    /// [0, 255].
    pub const BYTE: Self = Self { low: 0.0, high: 255.0 };

    /// The rule from `low` to `high`.
    ///
    /// # Errors
    /// If these are no range: finite, and `low` below `high`.
    pub fn new(low: f64, high: f64) -> Result<Self> {
        let fits = low < high && (high - low).is_finite();
        ensure!(fits, "pixel values from {low} to {high} are no range");
        Ok(Self { low, high })
    }

    /// Difference in output value between neighbouring pixel values.
    pub fn step(self) -> f64 {
        (self.high - self.low) / 255.0
    }

    /// The pixel of `value`: rounded half up, clamped; NaN is 0.
    pub fn pixel(self, value: f64) -> u8 {
        // 255 / range instead of 1 / step, so that the factor for [−1, 1] is exactly 127.5.
        let pixel = (value - self.low) * (255.0 / (self.high - self.low));
        (pixel + 0.5).floor().clamp(0.0, 255.0) as u8
    }

    /// The picture of the output `values`, in the order `[channel][row][column]`; `image` is its height, width and
    /// channels.
    pub fn picture(self, [height, width, channels]: [usize; 3], values: &[f32]) -> Planes {
        let pixels = values.iter().map(|&y| self.pixel(f64::from(y))).collect();
        Planes { channels, height, width, pixels }
    }

    /// The output value at the middle of `pixel`.
    pub fn value(self, pixel: u8) -> f32 {
        (f64::from(pixel) * self.step() + self.low) as f32
    }
}

impl std::fmt::Display for PixelRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.low, self.high)
    }
}

impl std::str::FromStr for PixelRule {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Vec<f64> = text.split(' ').filter_map(|part| part.parse().ok()).collect();
        let [low, high] = numbers[..] else { anyhow::bail!("pixel rule \"{text}\" is no range") };
        Self::new(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::PixelRule;

    #[test]
    fn follows_the_definition() {
        for i in -3000..3000 {
            let y = f64::from(i) / 1000.0;
            let expected = ((y + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8;
            assert_eq!(PixelRule::SIGNED.pixel(y), expected, "{y}");
            let expected = (y * 255.0).round().clamp(0.0, 255.0) as u8;
            assert_eq!(PixelRule::UNIT.pixel(y), expected, "{y}");
        }
        assert_eq!(PixelRule::BYTE.pixel(127.5), 128);
        assert_eq!(PixelRule::BYTE.pixel(f64::NAN), 0);
    }

    #[test]
    fn every_pixel_comes_back() {
        let odd = PixelRule { low: -0.3, high: 1.7 };
        for rule in [PixelRule::SIGNED, PixelRule::UNIT, PixelRule::BYTE, odd] {
            let written: PixelRule = rule.to_string().parse().unwrap();
            assert_eq!(written, rule);
            for pixel in 0..=255 {
                assert_eq!(rule.pixel(f64::from(rule.value(pixel))), pixel);
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "1", "1 1", "2 1", "nan 1", "0 inf", "0 1 2", "a b"] {
            assert!(text.parse::<PixelRule>().is_err(), "{text}");
        }
    }
}
