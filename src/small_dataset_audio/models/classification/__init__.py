"""Labels: genres, moods, instruments and four probabilities, from Discogs-EffNet and its heads in onnxruntime."""

from small_dataset_audio.models.classification.classifier import Classifier, Labels, installed, open_classifier
from small_dataset_audio.models.classification.heads import ENCODER, MODELS
from small_dataset_audio.models.classification.selection import selected

__all__ = ["ENCODER", "MODELS", "Classifier", "Labels", "installed", "open_classifier", "selected"]
