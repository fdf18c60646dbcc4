"""Mobile networks as PyTorch modules, with fasgard's names of weights.

EfficientNet-Lite0 after arXiv 1905.11946 and the table of TensorFlow's `efficientnet/lite`, MobileNetV3
after arXiv 1905.02244 as torchvision lays it out, MiniFASNet after the layout of its published weights;
written from there, not from fasgard's code: only names follow it.
"""

import torch
import torch.nn.functional as F
from torch import nn


def scaled(channels, width):
    """Channels at a width: rounded to a multiple of 4, at least 4."""
    if width == 1:
        return channels
    return max(4, int(channels * width / 4 + 0.5) * 4)


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow pads an even side: the odd pixel at the bottom and right."""

    def forward(self, x):
        total = self.kernel_size[0] - self.stride[0]
        before = total // 2
        after = total - before
        return super().forward(F.pad(x, (before, after, before, after)))


class ConvBn(nn.Module):
    def __init__(self, conv, epsilon):
        super().__init__()
        self.conv = conv
        self.bn = nn.BatchNorm2d(conv.out_channels, eps=epsilon)

    def forward(self, x):
        return self.bn(self.conv(x))


class Inverted(nn.Module):
    """An inverted residual block with ReLU6."""

    def __init__(self, inputs, outputs, expansion, kernel, stride, residual, epsilon):
        super().__init__()
        inner = inputs * expansion
        self.expand = None
        if expansion > 1:
            self.expand = ConvBn(nn.Conv2d(inputs, inner, 1, bias=False), epsilon)
        depthwise = SameConv(inner, inner, kernel, stride, groups=inner, bias=False)
        self.depthwise = ConvBn(depthwise, epsilon)
        self.project = ConvBn(nn.Conv2d(inner, outputs, 1, bias=False), epsilon)
        self.residual = residual

    def forward(self, x):
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    # Expansion, kernel, stride, channels, blocks.
    STAGES = (
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    )
    EPSILON = 1e-3

    def __init__(self, width=1, stages=0):
        """Cut after so many stages; 0 is the whole network with its head."""
        super().__init__()
        channels = scaled(32, width)
        self.built = stages or len(self.STAGES)
        self.stem = ConvBn(SameConv(3, channels, 3, 2, bias=False), self.EPSILON)
        for number, (expansion, kernel, stride, outputs, blocks) in enumerate(self.STAGES[: self.built]):
            outputs = scaled(outputs, width)
            stage = nn.ModuleList()
            for block in range(blocks):
                # No stage begins with as many channels as it has: at full width, that is.
                shape = (expansion, kernel, stride if block == 0 else 1, block > 0)
                stage.append(Inverted(channels, outputs, *shape, self.EPSILON))
                channels = outputs
            self.add_module(f"stage{number + 1}", stage)
        self.head = None
        if stages == 0:
            outputs = scaled(1280, width)
            self.head = ConvBn(nn.Conv2d(channels, outputs, 1, bias=False), self.EPSILON)

    def forward(self, x):
        x = F.relu6(self.stem(x))
        for number in range(self.built):
            for block in getattr(self, f"stage{number + 1}"):
                x = block(x)
        return x if self.head is None else F.relu6(self.head(x))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        y = F.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * F.hardsigmoid(self.expand(y))


class MobileBlock(nn.Module):
    def __init__(self, inputs, row, nominal, width):
        super().__init__()
        kernel, inner, outputs, excite, swish, stride = row
        self.residual = stride == 1 and nominal == outputs
        expands = nominal != inner
        inner, outputs = scaled(inner, width), scaled(outputs, width)
        self.act = F.hardswish if swish else F.relu
        self.expand = None
        if expands:
            self.expand = ConvBn(nn.Conv2d(inputs, inner, 1, bias=False), 1e-3)
        depthwise = nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner, bias=False)
        self.depthwise = ConvBn(depthwise, 1e-3)
        self.excite = None
        if excite:
            squeezed = max(8, (inner // 4 + 4) // 8 * 8)
            if squeezed < 0.9 * (inner // 4):
                squeezed += 8
            self.excite = SqueezeExcite(inner, squeezed)
        self.project = ConvBn(nn.Conv2d(inner, outputs, 1, bias=False), 1e-3)
        self.outputs = outputs

    def forward(self, x):
        y = x if self.expand is None else self.act(self.expand(x))
        y = self.act(self.depthwise(y))
        if self.excite is not None:
            y = self.excite(y)
        y = self.project(y)
        return x + y if self.residual else y


class MobileNetV3(nn.Module):
    # Kernel, channels inside and out, squeeze-and-excitation, hardswish, stride.
    STAGES = (
        ((3, 16, 16, 0, 0, 1),),
        ((3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1)),
        ((5, 72, 40, 1, 0, 2), (5, 120, 40, 1, 0, 1), (5, 120, 40, 1, 0, 1)),
        ((3, 240, 80, 0, 1, 2), (3, 200, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1)),
        ((3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1)),
        ((5, 672, 160, 1, 1, 2), (5, 960, 160, 1, 1, 1), (5, 960, 160, 1, 1, 1)),
    )

    def __init__(self, width=1, stages=0):
        """Cut after so many stages; 0 is the whole network with its head."""
        super().__init__()
        channels, nominal = scaled(16, width), 16
        self.built = stages or len(self.STAGES)
        self.stem = ConvBn(nn.Conv2d(3, channels, 3, 2, 1, bias=False), 1e-3)
        for number, rows in enumerate(self.STAGES[: self.built]):
            stage = nn.ModuleList()
            for row in rows:
                stage.append(MobileBlock(channels, row, nominal, width))
                channels, nominal = stage[-1].outputs, row[2]
            self.add_module(f"stage{number + 1}", stage)
        self.head = None
        if stages == 0:
            outputs = scaled(960, width)
            self.head = ConvBn(nn.Conv2d(channels, outputs, 1, bias=False), 1e-3)

    def forward(self, x):
        x = F.hardswish(self.stem(x))
        for number in range(self.built):
            for block in getattr(self, f"stage{number + 1}"):
                x = block(x)
        return x if self.head is None else F.hardswish(self.head(x))


class ConvPrelu(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.layer = ConvBn(conv, 1e-5)
        self.prelu = nn.PReLU(conv.out_channels)

    def forward(self, x):
        return self.prelu(self.layer(x))


class Excite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = max(channels // 4, 1)
        self.squeeze = ConvBn(nn.Conv2d(channels, inner, 1, bias=False), 1e-5)
        self.expand = ConvBn(nn.Conv2d(inner, channels, 1, bias=False), 1e-5)

    def forward(self, x):
        y = F.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(y))


class FasBlock(nn.Module):
    def __init__(self, inputs, inner, outputs, stride, excite):
        super().__init__()
        self.expand = ConvPrelu(nn.Conv2d(inputs, inner, 1, bias=False))
        depthwise = nn.Conv2d(inner, inner, 3, stride, 1, groups=inner, bias=False)
        self.depthwise = ConvPrelu(depthwise)
        self.project = ConvBn(nn.Conv2d(inner, outputs, 1, bias=False), 1e-5)
        self.excite = Excite(outputs) if excite else None
        self.residual = stride == 1

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        if self.excite is not None:
            y = self.excite(y)
        return x + y if self.residual else y


class MiniFasNet(nn.Module):
    """Up to the embedding; `classify` are the published three classes."""

    STAGES = {
        "minifasnet-v2": ([13] * 4, [231, 52, 26, 77, 26, 26], [26, 26]),
        "minifasnet-v1se": ([13, 26, 13, 52], [154, 52, 26, 52, 26, 26], [26, 26]),
    }

    def __init__(self, name, width=1):
        super().__init__()
        first, last, self.channels = (scaled(c, width) for c in (32, 512, 128))
        self.stem = ConvPrelu(nn.Conv2d(3, first, 3, 2, 1, bias=False))
        depthwise = nn.Conv2d(first, first, 3, 1, 1, groups=first, bias=False)
        self.stem_depthwise = ConvPrelu(depthwise)
        inputs = first
        stages = zip((103, 231, 308), self.STAGES[name], (64, 128, 128), strict=True)
        for number, (down, inners, outputs) in enumerate(stages):
            outputs = scaled(outputs, width)
            stage = nn.ModuleList([FasBlock(inputs, scaled(down, width), outputs, 2, False)])
            for place, inner in enumerate(inners):
                excite = name.endswith("se") and place + 1 == len(inners)
                stage.append(FasBlock(outputs, scaled(inner, width), outputs, 1, excite))
            self.add_module(f"stage{number + 1}", stage)
            inputs = outputs
        self.widen = ConvPrelu(nn.Conv2d(inputs, last, 1, bias=False))
        self.cover = ConvBn(nn.Conv2d(last, last, 5, groups=last, bias=False), 1e-5)
        self.embed = ConvBn(nn.Conv2d(last, self.channels, 1, bias=False), 1e-5)

    def forward(self, x):
        x = self.stem_depthwise(self.stem(x))
        for stage in (self.stage1, self.stage2, self.stage3):
            for block in stage:
                x = block(x)
        return self.embed(self.cover(self.widen(x)))
