//! A layer's weights, from the order of a draft to the order of the file.

use super::DraftLayer;
use crate::element::Weight;
use crate::weights::Order;

impl DraftLayer {
    /// The weights' section, in the order of [`weights`](crate::weights), for an input of height, width, channels.
    pub(super) fn ordered_weights(&self, input: [usize; 3]) -> Vec<u8> {
        let (rows, columns) = (self.axis(input, 0), self.axis(input, 1));
        let channels_out = self.output[2];
        let weight = self.weight;
        let order = Order { rows, columns, channels_in: input[2], channels_out, weight };
        let mut section = Vec::new();
        for row_phase in 0..rows.phases() {
            for group in columns.groups() {
                let features = order.features(&group);
                for block in (0..features).step_by(order.block_features()) {
                    let pairs = order.block(row_phase, &group, block).pairs;
                    for (tx, ty) in pairs_of(group.taps, rows.count(row_phase)) {
                        let weight = |feature: usize, channel: usize| {
                            if feature >= features || channel >= input[2] {
                                return 0;
                            }
                            let phase = group.first + feature / channels_out;
                            let ky = rows.kernel_index(row_phase, ty);
                            let kx = columns.kernel_index(phase, tx);
                            let out = feature % channels_out;
                            let tap = (out * rows.kernel + ky) * columns.kernel + kx;
                            self.weights[tap * input[2] + channel]
                        };
                        for (k, pair) in pairs_of(order.depth(), pairs) {
                            let lane = |channel: usize| match self.weight {
                                Weight::Byte => {
                                    let (a, b) = (block + 2 * pair, block + 2 * pair + 1);
                                    256 * weight(b, channel) + weight(a, channel)
                                }
                                Weight::Wide => weight(block + pair, channel),
                            };
                            section.extend(lane(2 * k).to_le_bytes());
                            section.extend(lane(2 * k + 1).to_le_bytes());
                        }
                    }
                }
            }
        }
        section
    }
}

/// All `(i, j)` below `(outer, inner)`, `j` fastest.
fn pairs_of(outer: usize, inner: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..outer).flat_map(move |i| (0..inner).map(move |j| (i, j)))
}
