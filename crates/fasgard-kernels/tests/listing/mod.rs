//! Register tiles in a listing of machine code by `objdump` (AT&T syntax).

use std::collections::{BTreeMap, BTreeSet};

/// Which kernel a loop belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pixels by output channels: every row has a pointer of its own.
    Gathered,
    /// Sums of outer products: rows are elements behind one pointer.
    Outer,
}

/// The inner loop of a register tile.
#[derive(Debug)]
pub(crate) struct Tile {
    pub(crate) kind: Kind,
    /// Whether it multiplies pairs of `bf16` in one instruction.
    pub(crate) pairs: bool,
    /// Half of its accumulators: a row has two vectors. At least two.
    pub(crate) rows: usize,
    /// Instructions of the loop that access vectors on the stack.
    pub(crate) spills: Vec<String>,
}

struct Instruction<'a> {
    at: u64,
    name: &'a str,
    operands: &'a str,
}

impl Instruction<'_> {
    /// Target of a jump.
    fn target(&self) -> Option<u64> {
        let to = self.operands.split_whitespace().next()?;
        self.name
            .starts_with('j')
            .then(|| u64::from_str_radix(to, 16).ok())
            .flatten()
    }

    fn multiplies_pairs(&self) -> bool {
        self.name == "vdpbf16ps"
    }

    fn multiplies_and_adds(&self) -> bool {
        self.name.starts_with("vfmadd") && self.name.ends_with("ps") || self.multiplies_pairs()
    }

    /// Part of widening `bf16` without an instruction for it: such loops are not looked at.
    fn widens(&self) -> bool {
        ["vpslld", "vpand", "vandps"]
            .iter()
            .any(|name| self.name.starts_with(name))
    }

    fn spills(&self, framed: bool) -> bool {
        let vector = ["%xmm", "%ymm", "%zmm"]
            .iter()
            .any(|name| self.operands.contains(name));
        let stack = self.operands.contains("(%rsp") || framed && self.operands.contains("(%rbp");
        vector && stack
    }
}

/// `    1004:\tvmovups (%rdx),%ymm4`.
fn instruction(line: &str) -> Option<Instruction<'_>> {
    let (at, rest) = line.split_once(':')?;
    let at = u64::from_str_radix(at.trim(), 16).ok()?;
    let rest = rest.trim();
    let (name, operands) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some(Instruction {
        at,
        name,
        operands: operands.trim(),
    })
}

/// The register tiles in the functions compiled for the type `set`.
pub(crate) fn tiles(assembly: &str, set: &str) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for function in assembly.split("\n\n") {
        let mut lines = function.trim_start().lines();
        let header = loop {
            match lines.next() {
                Some(line) if line.ends_with(">:") => break line,
                Some(_) => (),
                None => break "",
            }
        };
        if !header.contains(set) || !header.contains("compiled") {
            continue;
        }
        let body: Vec<_> = lines.filter_map(instruction).collect();
        let framed = body
            .iter()
            .any(|code| code.name == "mov" && code.operands == "%rsp,%rbp");
        tiles.extend(innermost(&body).filter_map(|code| tile(code, framed)));
    }
    tiles
}

/// The loops of a function without another inside.
fn innermost<'a>(body: &'a [Instruction<'a>]) -> impl Iterator<Item = &'a [Instruction<'a>]> {
    let index: BTreeMap<u64, usize> = body.iter().map(|code| code.at).zip(0..).collect();
    // Backward jumps are loops.
    let loops: Vec<(usize, usize)> = body
        .iter()
        .enumerate()
        .filter_map(|(end, code)| Some((*index.get(&code.target()?)?, end)))
        .filter(|(start, end)| start <= end)
        .collect();
    let all = loops.clone();
    let inside = |a: (usize, usize), b: (usize, usize)| a != b && a.0 >= b.0 && a.1 <= b.1;
    loops
        .into_iter()
        .filter(move |outer| !all.iter().any(|inner| inside(*inner, *outer)))
        .map(|(start, end)| &body[start..=end])
}

/// Base and index of a memory operand `0x8(%rdi,%rax,4)`, without the displacement.
fn address(operands: &str) -> Option<&str> {
    let (_, rest) = operands.split_once('(')?;
    rest.split_once(')').map(|(address, _)| address)
}

/// The register tile that a loop computes, if it is one.
fn tile(code: &[Instruction<'_>], framed: bool) -> Option<Tile> {
    // Products by accumulator: equally many for each, as often as the loop is unrolled.
    let mut accumulators = BTreeMap::new();
    for code in code.iter().filter(|code| code.multiplies_and_adds()) {
        *accumulators
            .entry(code.operands.rsplit(',').next()?)
            .or_insert(0usize) += 1;
    }
    let unrolled = *accumulators.values().next()?;
    let even = accumulators.len().is_multiple_of(2)
        && accumulators.values().all(|count| *count == unrolled);
    let sources: BTreeSet<_> = code
        .iter()
        .filter(|code| code.name == "vbroadcastss")
        .filter_map(|code| address(code.operands))
        .collect();
    if !even || accumulators.len() < 4 || sources.is_empty() || code.iter().any(Instruction::widens)
    {
        return None;
    }
    Some(Tile {
        kind: if sources.len() > 1 {
            Kind::Gathered
        } else {
            Kind::Outer
        },
        pairs: code.iter().any(Instruction::multiplies_pairs),
        rows: accumulators.len() / 2,
        spills: code
            .iter()
            .filter(|code| code.spills(framed))
            .map(|code| format!("{} {}", code.name, code.operands))
            .collect(),
    })
}
