"""DenseNet-161 as a PyTorch module, with fasgard's names of weights (arXiv 1608.06993)."""

import torch
import torch.nn.functional as F
from mobile import ConvBn, scaled
from torch import nn

BLOCKS = (6, 12, 36, 24)


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.squeeze = ConvBn(nn.Conv2d(inputs, 4 * growth, 1, bias=False), 1e-5)
        self.conv = nn.Conv2d(4 * growth, growth, 3, 1, 1, bias=False)

    def forward(self, x):
        y = self.conv(F.relu(self.squeeze(F.relu(self.norm(x)))))
        return torch.cat([x, y], 1)


class Transition(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, inputs // 2, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


class DenseNet(nn.Module):
    """The first `blocks` blocks, each with what follows it."""

    def __init__(self, blocks=2, width=1):
        super().__init__()
        channels, growth = scaled(96, width), scaled(48, width)
        self.stem = ConvBn(nn.Conv2d(3, channels, 7, 2, 3, bias=False), 1e-5)
        self.blocks = blocks
        for number, count in enumerate(BLOCKS[:blocks]):
            block = nn.ModuleList()
            for _ in range(count):
                block.append(DenseLayer(channels, growth))
                channels += growth
            self.add_module(f"block{number + 1}", block)
            if number < 3:
                self.add_module(f"transition{number + 1}", Transition(channels))
                channels //= 2
        self.last = nn.BatchNorm2d(channels) if blocks == 4 else None
        self.channels = channels

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, 1)
        for number in range(self.blocks):
            for layer in getattr(self, f"block{number + 1}"):
                x = layer(x)
            if number < 3:
                x = getattr(self, f"transition{number + 1}")(x)
        return x if self.last is None else F.relu(self.last(x))
