"""Running a training: checks before it, schedules and clipping during it, searches around it, each measured.

Chapter: tuning. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "clipping": ["clip_by_global_norm", "clip_by_norm", "clip_by_value", "cosine", "global_norm"],
        "overfit": ["Verdict", "handful", "overfit_check"],
        "schedules": ["cosine_decay", "exponential_decay", "inverse_time_decay", "step_decay", "warm_up"],
        "search": ["decade_shares", "range_test", "rates"],
        "watching": ["SteeredSGD", "Steering", "UpdateRatio"],
    },
)
