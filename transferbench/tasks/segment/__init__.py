"""Semantic segmentation: FCN on the layouts of ADE20K and of VOC masks."""
