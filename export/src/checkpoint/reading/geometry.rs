//! Strides and paddings of a convolution: given, or assumed as DCGAN generators have them.

use crate::checkpoint::settings::per_layer::Chosen;
use crate::checkpoint::settings::{Direction, Padding, Told};
use crate::network::KERNEL_LIMIT;
use anyhow::{Result, ensure};
use gen_core::format::DIMENSION_LIMIT;

/// A convolution's geometry, the same along rows and columns.
#[derive(Clone, Copy)]
pub(crate) struct Geometry {
    pub(crate) direction: Direction,
    pub(crate) kernel: usize,
    pub(crate) stride: Chosen<usize>,
    /// Before the first row and after the last.
    pub(crate) pads: Chosen<[usize; 2]>,
    pub(crate) output_padding: Chosen<usize>,
    /// How often rows and columns are repeated before the convolution.
    pub(crate) upsample: Chosen<usize>,
}

/// What decides a convolution's geometry, beside what is told.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) direction: Direction,
    pub(crate) kernel: usize,
    /// Rows and columns of its input.
    pub(crate) sides: [usize; 2],
    /// Index of the layer.
    pub(crate) index: usize,
    /// How often rows and columns are probably repeated before it.
    pub(crate) upsample: usize,
    /// Whether it is Keras'.
    pub(crate) keras: bool,
}

impl Geometry {
    /// The geometry of the layer at `place`. On a map of 1×1 the latents become a map.
    ///
    /// # Errors
    /// If a value is beyond a `.gen` file's limits.
    pub(crate) fn new(place: Place, told: Told) -> Result<Self> {
        let Place { direction, kernel, sides, index, upsample, keras } = place;
        let first = sides == [1, 1];
        let transposed = direction == Direction::Transposed;
        let doubles = transposed && !first && kernel > 1;
        let stride = told.layer(|it| &it.stride, index, if doubles { 2 } else { 1 });
        let upsample = told.layer(|it| &it.upsample, index, upsample);
        let s = stride.value;
        for (value, option) in [(kernel, "kernel"), (s, "--stride"), (upsample.value, "--upsample")]
        {
            ensure!(
                (1..=KERNEL_LIMIT).contains(&value),
                "{option} {value}, possible: 1…{KERNEL_LIMIT}"
            );
        }
        let usual = match (transposed, first, keras) {
            (true, true, _) => Padding::Sides(0),
            (_, _, true) => Padding::Same,
            // The padding with which a transposed convolution enlarges the map by its stride.
            (true, false, false) => Padding::Sides(kernel.saturating_sub(s).div_ceil(2)),
            (false, _, false) => Padding::Sides((kernel - 1) / 2),
        };
        let padding = told.layer(|it| &it.padding, index, usual);
        let pads = match padding.value {
            Padding::Sides(sides) => [sides; 2],
            Padding::Same => {
                let total = if transposed {
                    kernel.saturating_sub(s)
                } else {
                    let input = sides[0].saturating_mul(upsample.value);
                    let last = (input.div_ceil(s) - 1) * s + kernel;
                    last.saturating_sub(input)
                };
                [total / 2, total - total / 2]
            }
        };
        ensure!(
            pads.iter().all(|&pad| pad <= KERNEL_LIMIT),
            "--padding {pads:?}, possible: 0…{KERNEL_LIMIT}"
        );
        let missing = (s + pads[0] + pads[1]).checked_sub(kernel).filter(|&extra| extra < s);
        let missing = missing.filter(|_| transposed).unwrap_or(0);
        let output_padding = match transposed {
            true => told.layer(|it| &it.output_padding, index, missing),
            false => Chosen { value: 0, assumed: true },
        };
        let extra = output_padding.value;
        ensure!(extra < s, "--output-padding {extra} is not below the stride, {s}");
        let pads = Chosen { value: pads, assumed: padding.assumed };
        Ok(Self { direction, kernel, stride, pads, output_padding, upsample })
    }

    /// Whether the size of its output follows from something assumed.
    pub(crate) fn is_assumed(&self) -> bool {
        let doubtful = self.kernel > 1 || self.stride.value > 1 || self.upsample.value > 1;
        let assumed = self.stride.assumed || self.pads.assumed || self.upsample.assumed;
        assumed && doubtful
    }

    /// Output rows, or columns, for `input` rows or columns.
    pub(crate) fn output(&self, input: usize) -> Result<usize> {
        let input = input.saturating_mul(self.upsample.value);
        let pads = self.pads.value[0] + self.pads.value[1];
        let stride = self.stride.value;
        let output = match self.direction {
            Direction::Transposed => ((input - 1).saturating_mul(stride))
                .saturating_add(self.kernel + self.output_padding.value)
                .saturating_sub(pads),
            Direction::Plain => {
                let room = input.saturating_add(pads).checked_sub(self.kernel);
                room.map_or(0, |room| room / stride + 1)
            }
        };
        ensure!(
            (1..=DIMENSION_LIMIT).contains(&output),
            "makes {output} rows of {input}: pass another --stride, --padding or --map"
        );
        Ok(output)
    }

    /// The geometry in short, for the table: kernel, stride, padding, output padding, upsampling; assumed values
    /// marked.
    pub(crate) fn text(&self) -> String {
        let [begin, end] = self.pads.value;
        let pads = if begin == end { begin.to_string() } else { format!("{begin}+{end}") };
        let mut text = format!("k{} s{}", self.kernel, self.stride);
        text += &format!(" p{pads}{}", self.pads.mark());
        if self.output_padding.value > 0 || !self.output_padding.assumed {
            text += &format!(" op{}", self.output_padding);
        }
        if self.upsample.value > 1 {
            text = format!("up{} {text}", self.upsample);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::settings::Settings;

    fn geometry(
        direction: Direction,
        kernel: usize,
        sides: [usize; 2],
        given: &Settings,
    ) -> Result<Geometry> {
        let place = Place { direction, kernel, sides, index: 0, upsample: 1, keras: false };
        Geometry::new(place, Told { given, assumed: &Settings::default() })
    }

    fn text(direction: Direction, kernel: usize, sides: [usize; 2], settings: &Settings) -> String {
        let geometry = geometry(direction, kernel, sides, settings).unwrap();
        format!("{} {}", geometry.text(), geometry.output(sides[0]).unwrap())
    }

    #[test]
    fn the_familys_geometries_are_assumed() {
        let settings = Settings::default();
        let assumed = |direction, kernel, side| text(direction, kernel, [side, side], &settings);
        use Direction::{Plain, Transposed};
        assert_eq!(assumed(Transposed, 4, 1), "k4 s1* p0* 4");
        assert_eq!(assumed(Transposed, 7, 1), "k7 s1* p0* 7");
        assert_eq!(assumed(Transposed, 4, 4), "k4 s2* p1* 8");
        assert_eq!(assumed(Transposed, 5, 4), "k5 s2* p2* op1* 8");
        assert_eq!(assumed(Transposed, 3, 4), "k3 s2* p1* op1* 8");
        assert_eq!(assumed(Transposed, 2, 4), "k2 s2* p0* 8");
        assert_eq!(assumed(Plain, 3, 8), "k3 s1* p1* 8");
        assert_eq!(assumed(Plain, 1, 8), "k1 s1* p0* 8");
    }

    #[test]
    fn what_is_said_is_not_assumed() {
        let settings = Settings {
            stride: "1".parse().unwrap(),
            padding: "same".parse().unwrap(),
            upsample: "2".parse().unwrap(),
            ..Settings::default()
        };
        assert_eq!(text(Direction::Plain, 4, [4, 4], &settings), "up2 k4 s1 p1+2 8");
        assert_eq!(text(Direction::Transposed, 5, [4, 4], &settings), "up2 k5 s1 p2 8");
    }

    #[test]
    fn what_no_map_has_is_refused() {
        let stride = |stride: usize| Settings {
            stride: [Some(stride)].into_iter().collect(),
            ..Settings::default()
        };
        let new =
            |kernel, settings: &Settings| geometry(Direction::Plain, kernel, [4, 4], settings);
        assert!(new(4, &stride(0)).is_err());
        assert!(new(usize::MAX, &Settings::default()).is_err());
        let valid = Settings { padding: "0".parse().unwrap(), ..stride(255) };
        assert!(new(5, &valid).unwrap().output(4).is_err());
        assert_eq!(new(4, &valid).unwrap().output(4).unwrap(), 1);
        assert!(new(4, &valid).unwrap().output(usize::MAX).is_err());
    }
}
