//! Convolution geometry, compared with the definition for every small geometry.

mod common;

use common::net::Geometry;
use gen_core::axis::{Axis, Convolution};
use std::collections::BTreeSet;

/// Every geometry with kernels up to 7, strides up to 4, inputs up to 8, paddings up to one more than the kernel, and
/// output padding below the stride.
fn each(mut check: impl FnMut(Axis)) {
    for convolution in [Convolution::Transposed, Convolution::Plain] {
        for (kernel, stride) in (1..=7).flat_map(|k| (1..=4).map(move |s| (k, s))) {
            for (pad, end_pad) in (0..=kernel + 1).flat_map(|p| (0..=kernel).map(move |e| (p, e))) {
                for output_padding in 0..stride {
                    let geometry =
                        Geometry { convolution, kernel, stride, pad, end_pad, output_padding };
                    for input in 1..=8 {
                        let Some(output) = geometry.output(input) else { continue };
                        check(Axis { convolution, input, output, kernel, stride, pad });
                    }
                }
            }
        }
    }
}

#[test]
fn taps_are_those_of_the_definition() {
    each(|axis| {
        for o in 0..axis.output {
            let mut expected = BTreeSet::new();
            for i in 0..axis.input {
                for k in 0..axis.kernel {
                    let meets = match axis.convolution {
                        Convolution::Transposed => i * axis.stride + k == o + axis.pad,
                        Convolution::Plain => o * axis.stride + k == i + axis.pad,
                    };
                    if meets {
                        expected.insert((i, k));
                    }
                }
            }
            let taps = axis.taps(o);
            let got = (0..taps.len)
                .map(|t| (taps.input + t, axis.kernel_index(taps.phase, taps.skip + t)))
                .collect();
            assert_eq!(expected, got, "{axis:?}, output {o}");
        }
    });
}

#[test]
fn phases_share_out_the_kernel() {
    each(|axis| {
        let mut stored = BTreeSet::new();
        let mut before = 0;
        for phase in 0..axis.phases() {
            assert_eq!(axis.before(phase), before, "{axis:?}");
            stored.extend((0..axis.count(phase)).map(|tap| axis.kernel_index(phase, tap)));
            before += axis.count(phase);
        }
        assert_eq!(stored, (0..axis.kernel).collect(), "{axis:?}");
        assert_eq!(before, axis.kernel, "{axis:?}");
    });
}

/// Inputs arrive in order and only when needed. An input that an output reads must still be in the window.
#[test]
fn window_is_just_large_enough() {
    each(|axis| {
        let mut most = 0;
        let mut arrived = 0;
        for o in 0..axis.output {
            let taps = axis.taps(o);
            if taps.len == 0 {
                continue;
            }
            arrived = arrived.max(taps.input + taps.len);
            assert!(taps.input + axis.window() >= arrived, "{axis:?}, output {o} lost a row");
            most = most.max(arrived - taps.input);
        }
        // The whole window is needed unless cropping removes the outputs that would need it.
        assert!(most <= axis.window(), "{axis:?}");
        let whole = axis.pad == 0 && axis.input >= axis.kernel && axis.output >= axis.kernel * 2;
        assert!(!whole || most == axis.window(), "{axis:?}: window {} for {most}", axis.window());
    });
}

/// Groups and positions enumerate the same outputs, each once, with the same taps.
#[test]
fn sites_are_the_outputs_in_another_order() {
    each(|axis| {
        let mut seen = vec![0; axis.output];
        for group in axis.groups() {
            let interior = axis.interior(&group);
            for m in axis.positions() {
                let site = axis.site(&group, m);
                for phase in site.begin..site.end {
                    let output = site.output + phase - site.begin;
                    seen[output] += 1;
                    let taps = axis.taps(output);
                    assert_eq!((taps.phase, taps.count), (group.first + phase, group.taps));
                    assert_eq!(
                        (taps.skip, taps.input, taps.len),
                        (site.skip, site.input, site.len),
                        "{axis:?}, output {output}"
                    );
                }
                if interior.contains(&m) {
                    let whole = (site.len, site.begin, site.end);
                    assert_eq!(whole, (group.taps, 0, group.phases), "{axis:?}, position {m}");
                    let first = axis.site(&group, interior.start);
                    let steps = m - interior.start;
                    assert_eq!(site.output, first.output + steps * axis.output_step());
                    // Without taps nothing is read, so the input does not matter.
                    if group.taps > 0 {
                        assert_eq!(site.input, first.input + steps * axis.input_step());
                    }
                }
            }
        }
        assert!(seen.iter().all(|&times| times == 1), "{axis:?}: {seen:?}");
    });
}
