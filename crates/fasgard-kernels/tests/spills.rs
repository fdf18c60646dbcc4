//! The register tiles stay in registers: their inner loops, as compiled into this very executable,
//! neither store nor load a vector on the stack.
//!
//! `cargo test -p fasgard-kernels --test spills -- --ignored` (x86-64, needs binutils' `objdump`).
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, missing_docs)]

mod listing;

use fasgard_kernels::{Conv, Epilogue, InstructionSet, Precision};
use listing::{Kind, tiles};

/// Calls the kernels, so that they are part of this executable.
fn link() {
    for set in InstructionSet::ALL {
        for precision in [Precision::F32, Precision::Bf16] {
            let conv = Conv::new([1, 7, 9, 20], [18, 20, 1, 1], 1, 0)
                .unwrap()
                .with_instructions(set)
                .with_precision(precision);
            let (x, weight) = (vec![0.5; 7 * 9 * 20], vec![0.5; 18 * 20]);
            let y = conv.forward(&x, &weight, Epilogue::default()).unwrap();
            assert_eq!(conv.input_grad(&weight, &y).unwrap().len(), x.len());
            assert_eq!(conv.weight_grad(&x, &y).unwrap().len(), weight.len());
        }
    }
}

/// What is wrong with the tiles compiled for an instruction set: loops that spill, and heights of
/// either kind without a loop (a spilled accumulator may make its loop unrecognisable). One row
/// leaves most registers free and is not looked at.
fn faults(assembly: &str, set: &str, rows: usize, pairs: bool) -> Vec<String> {
    let mut found = tiles(assembly, set);
    found.retain(|tile| tile.pairs == pairs);
    let mut faults: Vec<String> = found
        .iter()
        .filter(|tile| !tile.spills.is_empty())
        .map(|tile| format!("{set}: {tile:?}"))
        .collect();
    for kind in [Kind::Gathered, Kind::Outer] {
        for height in 2..=rows {
            if !found
                .iter()
                .any(|tile| tile.kind == kind && tile.rows == height)
            {
                faults.push(format!("{set}: no {kind:?} of {height} rows"));
            }
        }
    }
    faults
}

#[test]
#[ignore = "needs objdump"]
fn register_tiles_do_not_spill() {
    link();
    let output = std::process::Command::new("objdump")
        .args([
            "--disassemble",
            "--demangle",
            "--no-show-raw-insn",
            "--section=.text",
        ])
        .arg(std::env::current_exe().unwrap())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let assembly = String::from_utf8(output.stdout).unwrap();
    let mut bad = faults(&assembly, "avx2::Avx2", 6, false);
    bad.extend(faults(&assembly, "avx512::Avx512", 14, false));
    bad.extend(faults(&assembly, "avx512_bf16::Avx512Bf16", 14, false));
    bad.extend(faults(&assembly, "avx512_bf16::Avx512Bf16", 14, true));
    assert!(bad.is_empty(), "{bad:#?}");
}

/// A loop over two rows of outer products, as `objdump` prints it, with `line` inside.
fn loop_with(line: &str) -> String {
    let function =
        "<<fasgard_kernels::isa::avx2::Avx2 as fasgard_kernels::isa::Isa>::call::compiled";
    let code = [
        "1000:\tpush   %rbp",
        "1004:\tvmovups (%rdx),%ymm4",
        "1008:\tvmovups 0x20(%rdx),%ymm5",
        "100c:\tvbroadcastss (%rsi,%rax,4),%ymm6",
        "1010:\tvfmadd231ps %ymm4,%ymm6,%ymm0",
        "1014:\tvfmadd231ps %ymm5,%ymm6,%ymm1",
        "1018:\tvbroadcastss 0x4(%rsi,%rax,4),%ymm6",
        line,
        "101c:\tvfmadd231ps %ymm4,%ymm6,%ymm2",
        "1020:\tvfmadd231ps %ymm5,%ymm6,%ymm3",
        "1024:\tadd    $0x40,%rdx",
        "1028:\tinc    %rax",
    ];
    let mut text = format!("0000000000001000 {function}>:\n");
    for code in code.iter().filter(|code| !code.is_empty()) {
        text += &format!("    {code}\n");
    }
    text + &format!("    102c:\tjne    1004 {function}+0x4>\n    1030:\tret\n")
}

const AVX2: &str = "avx2::Avx2";

#[test]
fn a_loop_in_registers_is_recognised() {
    let found = tiles(&loop_with(""), AVX2);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].rows), (Kind::Outer, 2));
    // A row pointer in the register that elsewhere holds the frame, and one kept on the stack.
    for line in [
        "1019:\tvbroadcastss (%rbp,%rax,4),%ymm6",
        "1019:\tmov    0x8(%rsp),%rcx",
    ] {
        assert!(tiles(&loop_with(line), AVX2)[0].spills.is_empty(), "{line}");
    }
    let gathered = loop_with("").replace("0x4(%rsi", "(%rdi");
    assert_eq!(tiles(&gathered, AVX2)[0].kind, Kind::Gathered);
    assert!(tiles(&loop_with(""), "avx512::Avx512").is_empty());
    assert_eq!(
        faults(&(loop_with("") + "\n" + &gathered), AVX2, 2, false),
        Vec::<String>::new()
    );
}

#[test]
fn spills_are_found() {
    let gathered = loop_with("").replace("0x4(%rsi", "(%rdi") + "\n";
    for line in [
        "1019:\tvmovaps %ymm0,0x40(%rsp)",
        "1019:\tvmovups 0x40(%rsp),%ymm0",
        "1019:\tvmovaps %ymm0,(%rsp,%rcx,1)",
    ] {
        let faults = faults(&(gathered.clone() + &loop_with(line)), AVX2, 2, false);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(&line[6..13]), "{faults:?}");
    }
    // A spilled factor.
    let factor = loop_with("").replace("%ymm5,%ymm6,%ymm3", "0x20(%rsp),%ymm6,%ymm3");
    assert_eq!(tiles(&factor, AVX2)[0].spills.len(), 1);
    // A spilled accumulator: the loop is no longer one of two rows, so that this height is missing.
    let accumulator = loop_with("1019:\tvmovaps 0x40(%rsp),%ymm2").replace("%ymm3", "%ymm2");
    assert!(!faults(&(gathered.clone() + &accumulator), AVX2, 2, false).is_empty());
    // With a frame pointer its register addresses the stack.
    let framed =
        loop_with("1019:\tvmovaps %ymm0,-0x40(%rbp)").replace("push   %rbp", "mov    %rsp,%rbp");
    assert_eq!(tiles(&framed, AVX2)[0].spills.len(), 1);
    // A height that is not there at all.
    assert_eq!(
        faults(&(gathered + &loop_with("")), AVX2, 3, false).len(),
        2
    );
}
