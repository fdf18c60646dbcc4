"""How much a deep network that nobody trained enlarges rounding errors.

    python tools/parity/rounding.py [SIZE]

ResNet50 to `layer4` with drawn weights, every convolution normalised by a batch, computed in float32 with
direct convolutions, in float32 with Winograd's F(4x4, 3x3) for 3x3 convolutions of stride 1, and in float64:
the largest and the mean error of a cell of a 1x1 convolution behind it, as a logit and as a probability.
Statistics are those of waves, or of pictures like those that are compared (docs/export.md). Needs numpy and
torch.
"""

import sys

import numpy as np
import torch
import torch.nn.functional as F

SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 128
# Lavin and Gray 2016, arXiv 1509.09308: points 0, 1, -1, 2, -2.
INPUT = torch.tensor(
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
     [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], dtype=torch.float64)
KERNEL = torch.tensor(
    [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
     [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]], dtype=torch.float64)
OUTPUT = torch.tensor(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    dtype=torch.float64)
WEIGHTS = torch.Generator().manual_seed(1)


def winograd(x, weight, bias):
    """A 3x3 convolution of stride 1, padded by 1, in the type of `x`."""
    n, c, height, width = x.shape
    k = weight.shape[0]
    rows, cols = -(-height // 4), -(-width // 4)
    padded = F.pad(x, (1, 4 * cols - width + 1, 1, 4 * rows - height + 1))
    tiles = padded.unfold(2, 6, 4).unfold(3, 6, 4)
    b, g, a = INPUT.to(x.dtype), KERNEL.to(x.dtype), OUTPUT.to(x.dtype)
    v = torch.einsum("ia,nctuab,jb->ijnctu", b, tiles, b).permute(0, 1, 3, 2, 4, 5)
    u = torch.einsum("ia,kcab,jb->ijkc", g, weight, g)
    m = torch.matmul(u.reshape(36, k, c), v.reshape(36, c, n * rows * cols))
    y = torch.einsum("pi,ijkz,qj->kzpq", a, m.reshape(6, 6, k, -1), a)
    y = y.reshape(k, n, rows, cols, 4, 4).permute(1, 0, 2, 4, 3, 5)
    y = y.reshape(n, k, 4 * rows, 4 * cols)[:, :, :height, :width]
    return y + bias.view(1, -1, 1, 1)


class ResNet50:
    """Draws its weights, and normalises them, in the first pass (`draws`)."""

    def __init__(self):
        self.weights = {}

    def conv(self, name, x, outputs, kernel, stride, fast, draws):
        if draws:
            shape = (outputs, x.shape[1], kernel, kernel)
            weight = torch.randn(shape, generator=WEIGHTS, dtype=torch.float64)
            weight *= (2 / (outputs * kernel * kernel)) ** 0.5
            y = F.conv2d(x, weight, None, stride, kernel // 2)
            mean, std = y.mean((0, 2, 3)), (y.var((0, 2, 3), unbiased=False) + 1e-5).sqrt()
            self.weights[name] = ((weight / std.view(-1, 1, 1, 1)).float(), (-mean / std).float())
        weight, bias = (value.to(x.dtype) for value in self.weights[name])
        # As crates/fasgard-kernels/src/winograd decides for a batch of four.
        if fast and kernel == 3 and stride == 1 and x.shape[2] * x.shape[0] >= 8:
            return winograd(x, weight, bias)
        return F.conv2d(x, weight, bias, stride, kernel // 2)

    def __call__(self, x, fast=False, draws=False):
        def conv(*args):
            return self.conv(*args, fast, draws)

        x = F.max_pool2d(conv("stem", x, 64, 7, 2).relu(), 3, 2, 1)
        for layer, (blocks, channels) in enumerate(zip([3, 4, 6, 3], [64, 128, 256, 512])):
            for block in range(blocks):
                stride = 2 if block == 0 and layer > 0 else 1
                name = f"{layer}.{block}"
                y = conv(f"{name}.0", x, channels, 1, 1).relu()
                y = conv(f"{name}.1", y, channels, 3, stride).relu()
                y = conv(f"{name}.2", y, 4 * channels, 1, 1)
                if block == 0:
                    x = conv(f"{name}.shortcut", x, 4 * channels, 1, stride)
                x = (x + y).relu()
        if draws:
            head = torch.rand(1, 2048, 1, 1, generator=WEIGHTS, dtype=torch.float64)
            self.head = ((head * 2 - 1) / 2048**0.5).float()
        return F.conv2d(x, self.head.to(x.dtype))


def pictures(seed, count):
    """Coloured cells, coarse and fine, under noise, normalised as ImageNet's."""
    random = np.random.default_rng(seed)
    out = []
    for number in range(count):
        cells = 1 << (number % 7)
        colors = random.integers(0, 256, (cells, cells, 3))
        picture = np.repeat(np.repeat(colors, SIZE // cells, 0), SIZE // cells, 1).astype(int)
        noise = int(random.integers(1, 65))
        picture = picture + random.integers(0, noise + 1, picture.shape) - noise // 2
        out.append(np.clip(picture, 0, 255))
    values = (np.stack(out) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return torch.from_numpy(values.transpose(0, 3, 1, 2)).float()


def waves():
    """Four pictures of waves under noise."""
    i = np.arange(4 * 3 * SIZE * SIZE, dtype=np.int64)
    picture, x, y = i // (3 * SIZE * SIZE), i % SIZE, i // SIZE % SIZE
    noise = ((i * 2654435761 % 2**32) >> 16) / 32768.0 - 1
    values = np.sin(x * 0.05 * (picture + 1)) * np.cos(y * 0.07 + picture) + 0.5 * noise
    return torch.from_numpy(values.reshape(4, 3, SIZE, SIZE)).float()


def main():
    x = pictures(0, 4)
    for name, batch in (("waves", waves()), ("pictures", pictures(7, 8))):
        network = ResNet50()
        network(batch.double(), draws=True)
        exact = network(x.double())
        print(f"statistics of {name}: logits up to {exact.abs().max():.3g}")
        signs = torch.sign(torch.rand(x.shape, dtype=torch.float64) - 0.5)
        for kind, found in (
            ("direct", network(x)),
            ("winograd", network(x, fast=True)),
            ("input rounded once", network(x.double() * (1 + 2.0**-24 * signs))),
        ):
            error = (found.double() - exact).abs()
            share = (torch.sigmoid(found.double()) - torch.sigmoid(exact)).abs()
            print(
                f"  {kind:20} logit {error.max():.1e} (rms {error.pow(2).mean().sqrt():.1e}),"
                f" probability {share.max():.1e}",
                flush=True,
            )


with torch.no_grad():
    main()
