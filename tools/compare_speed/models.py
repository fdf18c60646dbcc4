"""The two detectors in PyTorch: the layers, losses and targets of crates/fasgard-nn.

Shapes are NCHW; strides are channels_last (NHWC in memory) or contiguous. Live is 1.
"""

import torch
import torch.nn.functional as F
from torch import nn

from recipe import Recipe


class ConvBn(nn.Module):
    """A convolution without bias and its batch normalisation."""

    def __init__(self, conv, outputs):
        super().__init__()
        self.conv = conv
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


def conv_bn(inputs, outputs, kernel, stride=1):
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return ConvBn(conv, outputs)


class Bottleneck(nn.Module):
    """1x1, 3x3 (which has the stride), 1x1."""

    def __init__(self, inputs, inner, stride):
        super().__init__()
        outputs = 4 * inner
        self.a = conv_bn(inputs, inner, 1)
        self.b = conv_bn(inner, inner, 3, stride)
        self.c = conv_bn(inner, outputs, 1)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = conv_bn(inputs, outputs, 1, stride)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.a(x), inplace=True)
        y = F.relu(self.b(y), inplace=True)
        return F.relu(self.c(y) + shortcut, inplace=True)


class ResNet50Ps(nn.Module):
    """ResNet50 up to layer4 and a pyramid of masks; `forward` gives (logits per scale, logit)."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.stem = conv_bn(3, 64, 7, 2)
        layers, channels = [], 64
        for stage, blocks in enumerate([3, 4, 6, 3]):
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                layers.append(Bottleneck(channels, 64 << stage, stride))
                channels = 4 * (64 << stage)
        self.layers = nn.Sequential(*layers)
        self.scales = recipe.scales
        self.convs = nn.ModuleList(nn.Conv2d(channels, 1, 1) for _ in recipe.scales)
        self.linear = nn.Linear(sum(s * s for s in recipe.scales), 1)

    def forward(self, images):
        x = F.max_pool2d(F.relu(self.stem(images), inplace=True), 3, 2, 1)
        x = self.layers(x)
        maps = [conv(pool_to(x, s)) for conv, s in zip(self.convs, self.scales, strict=True)]
        flat = torch.cat([torch.sigmoid(m).flatten(1) for m in maps], 1)
        return (*maps, self.linear(flat).flatten())

    def target(self, batch):
        """What `fasgard bench` trains on: a mask of 0.5 everywhere and live labels."""
        side = self.scales[0]
        return torch.full((batch, 1, side, side), 0.5), torch.ones(batch)

    def loss(self, outputs, target):
        """BCE from logits: its mean per scale, and that of the final logit, summed."""
        mask, labels = target
        *maps, logit = outputs
        bce = F.binary_cross_entropy_with_logits
        loss = bce(logit.float(), labels)
        for logits, scale in zip(maps, self.scales, strict=True):
            loss = loss + bce(logits.float(), pool_to(mask, scale))
        return loss


class Cdc(nn.Conv2d):
    """Central difference convolution as one convolution: centre tap w[1,1] - theta * sum(w)."""

    def __init__(self, inputs, outputs, theta):
        super().__init__(inputs, outputs, 3, 1, 1, bias=False)
        centre = torch.zeros(1, 1, 3, 3)
        centre[0, 0, 1, 1] = theta
        self.register_buffer("centre", centre, persistent=False)
        self.folded = False

    def effective_weight(self):
        if self.folded:
            return self.weight
        return self.weight - self.weight.sum((2, 3), keepdim=True) * self.centre

    def forward(self, x):
        return F.conv2d(x, self.effective_weight(), None, 1, 1)

    @torch.no_grad()
    def fold(self):
        """Puts the effective weight in place of the weight, for inference."""
        if not self.folded:
            self.weight.copy_(self.effective_weight())
            self.folded = True


class CdcnPs(nn.Module):
    """CDCN with its one depth map pooled to every scale; `forward` gives the maps."""

    def __init__(self, recipe: Recipe):
        super().__init__()

        def conv(inputs, outputs):
            return ConvBn(Cdc(inputs, outputs, recipe.theta), outputs)

        self.scales = recipe.scales
        self.stem = conv(3, 64)
        self.blocks = nn.ModuleList(
            nn.ModuleList([conv(inputs, 128), conv(128, 196), conv(196, 128)])
            for inputs in (64, 128, 128)
        )
        self.convs = nn.ModuleList([conv(3 * 128, 128), conv(128, 64)])
        self.last = Cdc(64, 1, recipe.theta)
        contrast = torch.zeros(8, 1, 9)
        for kernel, neighbour in enumerate([0, 1, 2, 3, 5, 6, 7, 8]):
            contrast[kernel, 0, neighbour] = 1.0
            contrast[kernel, 0, 4] = -1.0
        self.register_buffer("contrast", contrast.reshape(8, 1, 3, 3), persistent=False)

    def forward(self, images):
        side = self.scales[0]
        x = F.relu(self.stem(images), inplace=True)
        levels = []
        for block in self.blocks:
            for conv in block:
                x = F.relu(conv(x), inplace=True)
            x = F.max_pool2d(x, 3, 2, 1)
            level = x
            if x.shape[-1] != side:
                level = F.interpolate(x, (side, side), mode="bilinear", align_corners=False)
            levels.append(level)
        x = torch.cat(levels, 1)
        for conv in self.convs:
            x = F.relu(conv(x), inplace=True)
        depth = F.relu(self.last(x))
        return tuple(pool_to(depth, s) for s in self.scales)

    def target(self, batch):
        """What `fasgard bench` trains on: a depth of 0.5 everywhere."""
        side = self.scales[0]
        return torch.full((batch, 1, side, side), 0.5)

    def loss(self, outputs, target):
        """MSE and, from 3x3 up, contrastive depth loss per scale, summed."""
        loss = torch.zeros(())
        for depth, scale in zip(outputs, self.scales, strict=True):
            error = depth.float() - pool_to(target, scale)
            loss = loss + error.square().mean()
            if scale >= 3:
                loss = loss + F.conv2d(error, self.contrast).square().mean()
        return loss


def pool_to(x, side):
    """Average-pools `x` to `side` x `side` with a fixed kernel."""
    kernel = x.shape[-1] // side
    return x if kernel == 1 else F.avg_pool2d(x, kernel)


def build(recipe: Recipe, memory_format=torch.channels_last):
    """The detector of `recipe`, weights drawn from seed 0."""
    torch.manual_seed(0)
    model = ResNet50Ps(recipe) if recipe.backbone == "resnet50" else CdcnPs(recipe)
    return model.to(memory_format=memory_format)


def for_inference(model):
    """Running statistics, and every central difference folded into its weight."""
    model.eval()
    for module in model.modules():
        if isinstance(module, Cdc):
            module.fold()
    return model


def images(batch, size, memory_format=torch.channels_last):
    """The images of `fasgard bench`: the same smooth wave per channel, `batch` times."""
    y = torch.arange(size, dtype=torch.float64).reshape(1, size, 1)
    x = torch.arange(size, dtype=torch.float64).reshape(1, 1, size)
    channel = torch.arange(3, dtype=torch.float64).reshape(3, 1, 1)
    wave = torch.sin((x * (channel + 2) + 3 * y) / size * 6.25).float()
    return wave.expand(batch, 3, size, size).contiguous(memory_format=memory_format)
