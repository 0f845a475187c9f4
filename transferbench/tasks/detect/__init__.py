"""Object detection: Faster R-CNN on the layout of Pascal VOC."""
