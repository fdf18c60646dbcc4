"""ResNet, CDCN and the heads as PyTorch modules, with fasgard's names of weights.

Layouts are PyTorch's, `[N, C, H, W]`. Written from the papers (arXiv 1512.03385 as torchvision lays it
out, 2003.04092, 2011.12032), not from fasgard's code: only names follow it. Mobile networks are in
`mobile.py`, DenseNet in `dense.py`.
"""

import torch
import torch.nn.functional as F
from torch import nn

import dense
import formula
import mobile


def scaled(channels, width):
    """Channels at a width: rounded to a multiple of 4, at least 4."""
    if width == 1:
        return channels
    return max(4, int(channels * width / 4 + 0.5) * 4)


class CentralDifference(nn.Conv2d):
    """CDCN's convolution as published: the 3x3 convolution less `theta` times a 1x1 one whose
    weight is the 3x3 one's sum."""

    def __init__(self, inputs, outputs, theta, stride=1):
        super().__init__(inputs, outputs, 3, stride, 1, bias=False)
        self.theta = theta

    def forward(self, x):
        y = super().forward(x)
        if self.theta == 0:
            return y
        summed = self.weight.sum((2, 3), keepdim=True)
        return y - self.theta * F.conv2d(x, summed, None, self.stride)


class ConvBn(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.conv = conv
        self.bn = nn.BatchNorm2d(conv.out_channels)

    def forward(self, x):
        return self.bn(self.conv(x))


def conv_bn(inputs, outputs, kernel, stride=1):
    return ConvBn(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False))


class Block(nn.Module):
    """A residual block; a bottleneck's stride lies in its 3x3 convolution."""

    def __init__(self, inputs, inner, stride, bottleneck):
        super().__init__()
        self.outputs = inner * 4 if bottleneck else inner
        if bottleneck:
            convs = [
                conv_bn(inputs, inner, 1),
                conv_bn(inner, inner, 3, stride),
                conv_bn(inner, self.outputs, 1),
            ]
        else:
            convs = [conv_bn(inputs, inner, 3, stride), conv_bn(inner, inner, 3)]
        self.convs = nn.ModuleList(convs)
        self.downsample = None
        if stride != 1 or inputs != self.outputs:
            self.downsample = conv_bn(inputs, self.outputs, 1, stride)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = x
        for conv in self.convs[:-1]:
            y = F.relu(conv(y))
        return F.relu(self.convs[-1](y) + shortcut)


class Resnet(nn.Module):
    def __init__(self, blocks, bottleneck, stages, width):
        super().__init__()
        channels = scaled(64, width)
        self.stem = conv_bn(3, channels, 7, 2)
        self.stages = stages
        for stage in range(stages):
            layer = nn.ModuleList()
            for number in range(blocks[stage]):
                stride = 2 if stage > 0 and number == 0 else 1
                layer.append(Block(channels, scaled(64 << stage, width), stride, bottleneck))
                channels = layer[-1].outputs
            self.add_module(f"layer{stage + 1}", layer)
        self.channels = channels

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, 1)
        for stage in range(self.stages):
            for block in getattr(self, f"layer{stage + 1}"):
                x = block(x)
        return x


class Cdcn(nn.Module):
    def __init__(self, theta, width, side):
        super().__init__()
        narrow, middle, wide = (scaled(c, width) for c in (64, 128, 196))

        def conv(inputs, outputs):
            return ConvBn(CentralDifference(inputs, outputs, theta))

        self.stem = conv(3, narrow)
        self.blocks = nn.ModuleList(
            nn.ModuleList([conv(inputs, middle), conv(middle, wide), conv(wide, middle)])
            for inputs in (narrow, middle, middle)
        )
        self.side = side
        self.channels = 3 * middle

    def forward(self, x):
        x = F.relu(self.stem(x))
        levels = []
        for block in self.blocks:
            for conv in block:
                x = F.relu(conv(x))
            x = F.max_pool2d(x, 3, 2, 1)
            levels.append(F.interpolate(x, (self.side, self.side), mode="bilinear"))
        return torch.cat(levels, 1)


def backbone(name, width, stages=4, theta=0.7, side=8):
    """The backbone of a case."""
    if name == "resnet18":
        return Resnet([2, 2, 2, 2], False, stages, width)
    if name == "resnet50":
        return Resnet([3, 4, 6, 3], True, stages, width)
    if name == "efficientnet-lite0":
        return mobile.EfficientNetLite(width, stages)
    if name == "mobilenet-v3-large":
        return mobile.MobileNetV3(width, stages)
    if name == "densenet161":
        return dense.DenseNet(stages, width)
    return Cdcn(theta if name == "cdcn" else 0.0, width, side)


class BinaryHead(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.linear = nn.Linear(channels, 1)

    def forward(self, features):
        return [], self.linear(F.adaptive_avg_pool2d(features, 1).flatten(1)).flatten()


class MaskHead(nn.Module):
    def __init__(self, channels, scales, shared=False):
        super().__init__()
        self.scales = scales
        count = 1 if shared else len(scales)
        self.convs = nn.ModuleList(nn.Conv2d(channels, 1, 1) for _ in range(count))
        self.linear = nn.Linear(sum(s * s for s in scales), 1)

    def forward(self, features):
        maps = [
            self.convs[min(level, len(self.convs) - 1)](F.adaptive_avg_pool2d(features, scale))
            for level, scale in enumerate(self.scales)
        ]
        flat = torch.cat([m.sigmoid().flatten(1) for m in maps], 1)
        return maps, self.linear(flat).flatten()


class DepthHead(nn.Module):
    def __init__(self, channels, scales, width, theta):
        super().__init__()
        self.scales = scales
        first, second = scaled(128, width), scaled(64, width)
        self.convs = nn.ModuleList(
            ConvBn(CentralDifference(i, o, theta)) for i, o in ((channels, first), (first, second))
        )
        self.last = CentralDifference(second, 1, theta)

    def forward(self, features):
        side = self.scales[0]
        x = F.interpolate(features, (side, side), mode="bilinear")
        for conv in self.convs:
            x = F.relu(conv(x))
        depth = F.relu(self.last(x))
        return [F.adaptive_avg_pool2d(depth, s) for s in self.scales], None


class Detector(nn.Module):
    def __init__(self, body, head):
        super().__init__()
        self.backbone = body
        self.head = head

    def forward(self, images):
        return self.head(self.backbone(images))


def load(module, prefix=""):
    """Puts the closed formula's weights into a module, in double precision."""
    module.double()
    state = {}
    for name, tensor in module.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            state[name] = formula.weight(prefix + name, tensor.shape)
    module.load_state_dict(state, strict=False)
    return module.train()


def bce(logits, truth, reduction="mean"):
    """Mean over the batch; over positions the mean or the sum."""
    if reduction == "mean":
        return F.binary_cross_entropy_with_logits(logits, truth)
    summed = F.binary_cross_entropy_with_logits(logits, truth, reduction="sum")
    return summed / logits.shape[0]


def contrast(x):
    """The eight differences of a neighbour and the centre: CDCN's fixed kernels, no padding."""
    kernels = torch.zeros(8, 1, 3, 3, dtype=x.dtype)
    kernels[:, 0, 1, 1] = -1
    places = [(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)]
    for kernel, (row, column) in enumerate(places):
        kernels[kernel, 0, row, column] = 1
    return F.conv2d(x, kernels)


def contrastive_depth(prediction, truth):
    return F.mse_loss(contrast(prediction), contrast(truth))


def loss(target, maps, logit, truth, labels, reduction="mean", min_pool=False):
    """The terms of a detector's loss by name; their sum is the loss."""
    terms = {}
    for prediction in maps:
        scale = prediction.shape[-1]
        if min_pool:
            pooled = -F.adaptive_max_pool2d(-truth, scale)
        else:
            pooled = F.adaptive_avg_pool2d(truth, scale)
        if target == "mask":
            terms[f"bce@{scale}"] = bce(prediction, pooled, reduction)
        else:
            terms[f"mse@{scale}"] = F.mse_loss(prediction, pooled)
            if scale >= 3:
                terms[f"cdl@{scale}"] = contrastive_depth(prediction, pooled)
    if logit is not None:
        terms["bce@final"] = bce(logit, labels)
    return terms
