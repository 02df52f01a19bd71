#![allow(missing_docs)]
use burn::tensor::{Device, Tensor, TensorData};
use dcgan::{network::Network, options::Options, preset::Preset, trainer::Trainer};
//ga
//static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let p = match &a[1][..] {
        "256k" => Preset::Micro256k,
        "1m" => Preset::Micro1m,
        _ => Preset::Paper64,
    };
    let threads: usize = a[2].parse().unwrap();
    let steps: usize = a[3].parse().unwrap();
    let r1: f32 = a.get(4).map_or(0.0, |s| s.parse().unwrap());
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    let network: Network = p.network(3);
    let options = Options {
        network,
        seed: 1,
        batch: 64,
        rate: 2e-4,
        rate_ratio: 1.0,
        annealed: None,
        smooth: 0.0,
        r1,
        ema: 0.999,
        feature_matching: false,
        minibatch_discrimination: false,
    };
    let device = dcgan::device::device();
    let mut t = Trainer::new(options, 0.5, &device);
    let n = 64 * network.size * network.size * 3;
    let mut s = 1u32;
    let x: Vec<f32> = (0..n)
        .map(|_| {
            s = s.wrapping_mul(1664525).wrapping_add(1013904223);
            (s >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    let d: Device = t.device.clone();
    let x = Tensor::<4>::from_data(TensorData::new(x, [64, network.size, network.size, 3]), &d);
    for _ in 0..5 {
        t.step(x.clone());
    }
    let mut all = vec![];
    let mut last = None;
    for _ in 0..steps {
        let b = std::time::Instant::now();
        last = Some(t.step(x.clone()));
        all.push(b.elapsed().as_secs_f64() * 1e3);
    }
    all.sort_by(f64::total_cmp);
    println!(
        "{threads} threads: median {:.1} ms, best {:.1} ms, {:?}",
        all[all.len() / 2],
        all[0],
        last.unwrap()
    );
}
