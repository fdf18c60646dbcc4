//! Rates of the convolutions of ResNet-50 and CDCN, layer by layer and pass by pass.
//!
//! `cargo bench -p fasgard-kernels --no-default-features --bench layers [-- FILTER]`, with
//! `RAYON_NUM_THREADS` threads; `tools/layers.py` makes a table of several runs. Names are
//! `LAYER/PASS` with `PASS` one of `forward`, `packed`, `input-grad`, `weight-grad`; with `-direct`
//! behind it Winograd's algorithm is off. At the end the medians are printed in GFLOP/s of the
//! direct algorithm's operations, beside their share of what the processor's multiply-adds reach
//! in a loop without memory: Winograd's algorithm may exceed it.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod peak;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use fasgard_kernels::{Conv, Epilogue, InstructionSet, Packed, Pooling};
use std::cell::{LazyCell, RefCell};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// So that the figures are of the kernels, not of fresh pages.
#[global_allocator]
static ALLOCATOR: Pooling<std::alloc::System> = Pooling::new(std::alloc::System);

/// Name, images, side, channels in and out, kernel, stride.
type Layer = (&'static str, usize, usize, usize, usize, usize, usize);

const LAYERS: [Layer; 27] = [
    ("resnet 7x7s2 256 3-64 b8", 8, 256, 3, 64, 7, 2),
    ("resnet 1x1 64 64-64 b8", 8, 64, 64, 64, 1, 1),
    ("resnet 3x3 64 64-64 b8", 8, 64, 64, 64, 3, 1),
    ("resnet 1x1 64 64-256 b8", 8, 64, 64, 256, 1, 1),
    ("resnet 1x1 64 256-64 b8", 8, 64, 256, 64, 1, 1),
    ("resnet 3x3s2 64 128-128 b8", 8, 64, 128, 128, 3, 2),
    ("resnet 1x1s2 64 256-512 b8", 8, 64, 256, 512, 1, 2),
    ("resnet 3x3 32 128-128 b8", 8, 32, 128, 128, 3, 1),
    ("resnet 1x1 32 512-128 b8", 8, 32, 512, 128, 1, 1),
    ("resnet 1x1 32 128-512 b8", 8, 32, 128, 512, 1, 1),
    ("resnet 3x3 16 256-256 b8", 8, 16, 256, 256, 3, 1),
    ("resnet 1x1 16 1024-256 b8", 8, 16, 1024, 256, 1, 1),
    ("resnet 1x1 16 256-1024 b8", 8, 16, 256, 1024, 1, 1),
    ("resnet 3x3 8 512-512 b8", 8, 8, 512, 512, 3, 1),
    ("resnet 1x1 8 2048-512 b8", 8, 8, 2048, 512, 1, 1),
    ("resnet 1x1 8 512-2048 b8", 8, 8, 512, 2048, 1, 1),
    ("resnet 3x3 64 64-64 b1", 1, 64, 64, 64, 3, 1),
    ("resnet 3x3 32 128-128 b1", 1, 32, 128, 128, 3, 1),
    ("resnet 3x3 16 256-256 b1", 1, 16, 256, 256, 3, 1),
    ("resnet 3x3 8 512-512 b1", 1, 8, 512, 512, 3, 1),
    ("resnet 1x1 16 1024-256 b1", 1, 16, 1024, 256, 1, 1),
    ("resnet 1x1 8 2048-512 b1", 1, 8, 2048, 512, 1, 1),
    ("cdcn 3x3 256 3-64 b1", 1, 256, 3, 64, 3, 1),
    ("cdcn 3x3 256 64-128 b1", 1, 256, 64, 128, 3, 1),
    ("cdcn 3x3 256 128-196 b1", 1, 256, 128, 196, 3, 1),
    ("cdcn 3x3 256 196-128 b1", 1, 256, 196, 128, 3, 1),
    ("cdcn 3x3 128 128-196 b2", 2, 128, 128, 196, 3, 1),
];

const PASSES: [&str; 4] = ["forward", "packed", "input-grad", "weight-grad"];

/// What the passes of a layer read.
struct Data {
    x: Vec<f32>,
    weight: Vec<f32>,
    grad: Vec<f32>,
}

fn values(shape: [usize; 4], step: f32) -> Vec<f32> {
    let count: usize = shape.iter().product();
    (0..count)
        .map(|i| ((i % 4096) as f32 * step).sin())
        .collect()
}

/// A measured pass: layer, pass (with its algorithm), GFLOP/s.
type Rate = (&'static str, String, f64);

fn layer(
    group: &mut BenchmarkGroup<'_, WallTime>,
    &(name, images, side, inputs, outputs, kernel, stride): &Layer,
    rates: &RefCell<Vec<Rate>>,
) {
    let (x, weight) = (
        [images, side, side, inputs],
        [outputs, inputs, kernel, kernel],
    );
    let conv = Conv::new(x, weight, stride, kernel / 2).unwrap();
    let products = conv.output_shape().iter().product::<usize>() * inputs * kernel * kernel;
    group.throughput(Throughput::Elements(2 * products as u64));
    let data = LazyCell::new(|| Data {
        x: values(x, 0.37),
        weight: values(weight, 0.73),
        grad: values(conv.output_shape(), 0.31),
    });
    // Other layers are direct anyway.
    let transformed = kernel == 3 && stride == 1 && inputs > 3;
    for winograd in [true, false] {
        if !winograd && !transformed {
            continue;
        }
        let conv = conv.with_winograd(winograd);
        let packed: LazyCell<Packed, _> = LazyCell::new(|| conv.pack(&data.weight).unwrap());
        for pass in PASSES {
            let run = || match pass {
                "forward" => conv.forward(&data.x, &data.weight, Epilogue::default()),
                "packed" => conv.forward_packed(&data.x, &packed, Epilogue::default()),
                "input-grad" => conv.input_grad(&data.weight, &data.grad),
                _ => conv.weight_grad(&data.x, &data.grad),
            };
            let algorithm = if winograd { "" } else { "-direct" };
            let mut samples = Vec::new();
            group.bench_function(format!("{name}/{pass}{algorithm}"), |bencher| {
                bencher.iter_custom(|iterations| {
                    let start = Instant::now();
                    for _ in 0..iterations {
                        drop(black_box(run().unwrap()));
                    }
                    let time = start.elapsed();
                    samples.push(time.as_secs_f64() / iterations as f64);
                    time
                });
            });
            // Filtered out, or only listed.
            if samples.is_empty() {
                continue;
            }
            samples.sort_by(f64::total_cmp);
            let rate = 2.0 * products as f64 / samples[samples.len() / 2] / 1e9;
            rates
                .borrow_mut()
                .push((name, format!("{pass}{algorithm}"), rate));
        }
    }
}

fn table(rates: &[Rate], threads: usize) {
    let peak = peak::gflops(threads);
    println!(
        "\n{} on {threads} threads: multiply-adds reach {peak:.1} GFLOP/s",
        InstructionSet::detected().name(),
    );
    println!("| layer | algorithm | forward | packed | input-grad | weight-grad |");
    println!("|---|---|---|---|---|---|");
    for (name, ..) in LAYERS {
        for (algorithm, title) in [("", "chosen"), ("-direct", "direct")] {
            let cells = PASSES.map(|pass| {
                let pass = format!("{pass}{algorithm}");
                let found = rates
                    .iter()
                    .find(|(layer, of, _)| *layer == name && *of == pass);
                found.map(|(_, _, rate)| format!("{rate:.1} ({:.0} %)", 100.0 * rate / peak))
            });
            if cells.iter().any(Option::is_some) {
                let cells = cells.map(Option::unwrap_or_default);
                println!("| {name} | {title} | {} |", cells.join(" | "));
            }
        }
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        // Medians are read, not Criterion's intervals: these are resampled a hundred thousand times
        // otherwise.
        .nresamples(1000)
        .configure_from_args();
    let rates = RefCell::new(Vec::new());
    let mut group = criterion.benchmark_group("conv");
    group.sampling_mode(criterion::SamplingMode::Flat);
    for shape in &LAYERS {
        layer(&mut group, shape, &rates);
    }
    group.finish();
    criterion.final_summary();
    let rates = rates.into_inner();
    if !rates.is_empty() {
        table(&rates, rayon::current_num_threads());
    }
}
