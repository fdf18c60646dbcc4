//! The linear maps of F(4x4, 3x3), on vectors of channels (Lavin and Gray 2016, section 4.3).
//!
//! Interpolation points 0, 1, -1, 2, -2 and infinity: `y = A' [(G w) . (B' d)]` in one dimension, in
//! two dimensions once along the columns and once along the rows.

use crate::isa::Isa;

/// Inputs of a tile along an axis.
pub(super) const IN: usize = 6;
/// Outputs of a tile along an axis.
pub(super) const OUT: usize = 4;
/// Products of a tile, one small matrix product each.
pub(super) const POINTS: usize = IN * IN;

/// `B' d`: six inputs to six products' factors.
#[inline(always)]
pub(super) fn input<I: Isa>(isa: I, d: [I::V; 6]) -> [I::V; 6] {
    let (two, four, five) = (isa.splat(2.0), isa.splat(4.0), isa.splat(-5.0));
    let minus_four = isa.splat(-4.0);
    let a = isa.mul_add(minus_four, d[2], d[4]);
    let b = isa.mul_add(minus_four, d[1], d[3]);
    let c = isa.sub(d[4], d[2]);
    let e = isa.mul(two, isa.sub(d[3], d[1]));
    [
        isa.mul_add(four, d[0], isa.mul_add(five, d[2], d[4])),
        isa.add(a, b),
        isa.sub(a, b),
        isa.add(c, e),
        isa.sub(c, e),
        isa.mul_add(four, d[1], isa.mul_add(five, d[3], d[5])),
    ]
}

/// `A' m`: six products to four outputs.
#[inline(always)]
pub(super) fn output<I: Isa>(isa: I, m: [I::V; 6]) -> [I::V; 4] {
    let (two, four, eight) = (isa.splat(2.0), isa.splat(4.0), isa.splat(8.0));
    let (a, b) = (isa.add(m[1], m[2]), isa.sub(m[1], m[2]));
    let (c, d) = (isa.add(m[3], m[4]), isa.sub(m[3], m[4]));
    [
        isa.add(isa.add(m[0], a), c),
        isa.mul_add(two, d, b),
        isa.mul_add(four, c, a),
        isa.add(isa.mul_add(eight, d, b), m[5]),
    ]
}

/// `A g`: four output gradients to six products' factors.
#[inline(always)]
pub(super) fn gradient<I: Isa>(isa: I, g: [I::V; 4]) -> [I::V; 6] {
    let (two, four, eight) = (isa.splat(2.0), isa.splat(4.0), isa.splat(8.0));
    let (a, b) = (isa.add(g[0], g[2]), isa.add(g[1], g[3]));
    let c = isa.mul_add(four, g[2], g[0]);
    let d = isa.mul_add(eight, g[3], isa.mul(two, g[1]));
    [
        g[0],
        isa.add(a, b),
        isa.sub(a, b),
        isa.add(c, d),
        isa.sub(c, d),
        g[3],
    ]
}

/// `G w`: three weights to six products' factors.
#[inline(always)]
pub(super) fn weight<I: Isa>(isa: I, w: [I::V; 3]) -> [I::V; 6] {
    let (two, four) = (isa.splat(2.0), isa.splat(4.0));
    let (quarter, sixth) = (isa.splat(0.25), isa.splat(-1.0 / 6.0));
    let twenty_fourth = isa.splat(1.0 / 24.0);
    let a = isa.add(w[0], w[2]);
    let c = isa.mul_add(four, w[2], w[0]);
    let d = isa.mul(two, w[1]);
    [
        isa.mul(quarter, w[0]),
        isa.mul(sixth, isa.add(a, w[1])),
        isa.mul(sixth, isa.sub(a, w[1])),
        isa.mul(twenty_fourth, isa.add(c, d)),
        isa.mul(twenty_fourth, isa.sub(c, d)),
        w[2],
    ]
}

/// `G' u`: six products' sums to three weight gradients.
#[inline(always)]
pub(super) fn weight_gradient<I: Isa>(isa: I, u: [I::V; 6]) -> [I::V; 3] {
    let (quarter, sixth) = (isa.splat(0.25), isa.splat(1.0 / 6.0));
    let (twelfth, twenty_fourth) = (isa.splat(1.0 / 12.0), isa.splat(1.0 / 24.0));
    let (a, b) = (isa.add(u[1], u[2]), isa.sub(u[2], u[1]));
    let (c, d) = (isa.add(u[3], u[4]), isa.sub(u[3], u[4]));
    let outer = isa.mul(sixth, isa.sub(c, a));
    [
        isa.mul_add(
            twenty_fourth,
            c,
            isa.sub(isa.mul(quarter, u[0]), isa.mul(sixth, a)),
        ),
        isa.mul_add(sixth, b, isa.mul(twelfth, d)),
        isa.add(outer, u[5]),
    ]
}

/// A map along both axes: columns first. `N x N` to `M x M`.
macro_rules! both_axes {
    ($name:ident, $map:ident, $from:expr, $to:expr) => {
        #[inline(always)]
        pub(super) fn $name<I: Isa>(isa: I, values: &[[I::V; $from]; $from]) -> [[I::V; $to]; $to] {
            let zero = isa.splat(0.0);
            let mut columns = [[zero; $from]; $to];
            for col in 0..$from {
                let mut line = [zero; $from];
                for row in 0..$from {
                    line[row] = values[row][col];
                }
                let line = $map(isa, line);
                for row in 0..$to {
                    columns[row][col] = line[row];
                }
            }
            let mut out = [[zero; $to]; $to];
            for row in 0..$to {
                out[row] = $map(isa, columns[row]);
            }
            out
        }
    };
}

both_axes!(input_2d, input, 6, 6);
both_axes!(output_2d, output, 6, 4);
both_axes!(gradient_2d, gradient, 4, 6);
both_axes!(weight_2d, weight, 3, 6);
both_axes!(weight_gradient_2d, weight_gradient, 6, 3);
