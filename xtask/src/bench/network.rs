//! Records of a network, for tests.

use boards::record::{Layer, Record, Whole};

/// Records of a network with one layer: the layer's and the whole network's.
pub fn network(core: &str, model: &str, instructions: u64) -> [Record; 2] {
    let whole = Whole {
        picture: "00c0ffee".into(),
        working_memory: 2048,
        stack: 300,
        engine: 12_000,
        code: 20_000,
        file: 150_000,
    };
    [(Layer::Index(0), None), (Layer::ALL, Some(whole))].map(|(layer, whole)| Record {
        core: core.into(),
        model: model.into(),
        layer,
        instructions,
        useful_macs: 1000,
        whole,
    })
}
