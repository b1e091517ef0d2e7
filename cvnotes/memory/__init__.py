"""Memory: what a network needs to run and to train, counted, and compared with what is really allocated.

Chapter: memory. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "accounting": ["Account", "LayerBytes", "account", "slots"],
        "checkpoints": ["chain", "gradients_of_chain"],
        "liveness": ["Moment", "peak", "timeline"],
        "precision": ["dtype_policy", "format_facts", "running_sum"],
    },
)
