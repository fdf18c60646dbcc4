"""What the peers take from fasgard's own configuration, so that both run the same thing."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recipe:
    """The keys of an experiment configuration that the peers rebuild."""

    backbone: str  # "resnet50" (cut after layer4) or "cdcn"
    scales: tuple[int, ...]  # sides of the maps, largest first
    theta: float  # share of the central difference term; cdcn only
    lr: float
    weight_decay: float
    clip_norm: float  # 0: the gradient is not clipped


def read(path: Path) -> Recipe:
    """Reads `path` (TOML); raises ValueError naming the key that the peers cannot rebuild."""
    try:
        config = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    try:
        model, supervision = config["model"], config["model"]["supervision"]
        optimizer = config["optimizer"]
        recipe = Recipe(
            backbone=model["backbone"],
            scales=tuple(supervision["scales"]),
            theta=float(model.get("theta", 0.7)),
            lr=float(optimizer["lr"]),
            weight_decay=float(optimizer.get("weight_decay", 0.0)),
            clip_norm=float(config["train"].get("clip_norm", 0.0)),
        )
        found = {
            "model.backbone and target": (recipe.backbone, supervision["target"]),
            "model.tap": model.get("tap", "layer4"),
            "model.width": model.get("width", 1.0),
            "model.supervision.reduction": supervision.get("reduction", "mean"),
            "model.supervision.shared_conv": supervision.get("shared_conv", False),
            "model.supervision.final_weight": supervision.get("final_weight", 1.0),
            "model.supervision.scale_weights": set(supervision.get("scale_weights", [1.0])),
            "optimizer.kind": optimizer.get("kind", "adam"),
        }
    except KeyError as error:
        raise ValueError(f"{path}: key {error} is missing") from error
    expected = {
        "model.backbone and target": [("resnet50", "mask"), ("cdcn", "depth")],
        "model.tap": ["layer4"],
        "model.width": [1.0],
        "model.supervision.reduction": ["mean"],
        "model.supervision.shared_conv": [False],
        "model.supervision.final_weight": [1.0],
        "model.supervision.scale_weights": [{1.0}],
        "optimizer.kind": ["adam"],
    }
    for key, value in found.items():
        if value not in expected[key]:
            raise ValueError(
                f"{path}: {key}: the peers are built for {expected[key]}, found {value!r}"
            )
    return recipe
