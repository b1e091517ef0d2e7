"""Two nets that play against each other: losses, toy games, training loops, and how to see a collapse.

Chapter: gans. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "games": ["averages", "growth", "matrix", "path", "radius", "slopes", "step"],
        "match": ["Match", "Turns", "play", "prepare"],
        "nets": ["Pack", "Spectral", "dense_net", "flatness", "prior"],
        "objective": ["best_answer", "discriminator_loss", "game_value", "generator_loss"],
        "plain": ["d_turn", "g_turn"],
        "ring": ["centres", "draw", "energy_distance", "judge"],
    },
)
