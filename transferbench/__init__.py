"""Which pretrained backbone transfers best, and what did each training trick buy downstream?"""

__version__ = "0.1.0"
