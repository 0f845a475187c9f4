"""A world small enough to be drawn in a test."""

from dataclasses import replace

from transferbench.miniature.sizes import SIZES

TINY = replace(
    SIZES["small"],
    name="tiny",
    imagenet_train=48,
    imagenet_val=24,
    voc2007_trainval=7,
    voc2007_test=4,
    voc2012_trainval=6,
    ade_training=5,
    ade_validation=3,
)
