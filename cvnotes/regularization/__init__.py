"""Regularization: penalties, constraints, early stopping, ensembles and dropout, each with what it is worth.

Chapters: regularization, dropout. What needs Keras is loaded when first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "nets": ["dense_net", "passes", "train"],
        "penalties": ["limited", "shrunk", "soft_threshold"],
        "stopping": ["EarlyStopping"],
    },
)
