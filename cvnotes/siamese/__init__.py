"""Siamese nets: one encoder for two pictures, and what a distance between codes is good for.

Chapters: siamese, matching, tracking, faces. What needs Keras is loaded when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "batches": ["BatchMatches", "BatchPairs", "BatchTriplets"],
        "correlation": ["correlate", "cross_correlation"],
        "following": ["follow"],
        "fully_convolutional": ["map_encoder", "siamese_map_net"],
        "gallery": ["recall", "search"],
        "hands": ["sign"],
        "hashing": ["hamming", "hash_bits", "hyperplanes"],
        "losses": ["contrastive_loss", "distances", "pairwise_distances", "triplet_loss"],
        "measures": ["class_distances", "code_spread", "nearest_neighbour"],
        "mining": ["active_share", "mined_triplets"],
        "one_shot": ["draw_episodes", "named_right"],
        "pairs": ["draw_pairs"],
        "towers": ["edge_pictures"],
        "twins": ["Twin", "codes_of", "encoder"],
        "verification": ["equal_error", "error_rates", "roc_area", "roc_points"],
        "windows": ["balanced_logistic", "window_pairs"],
    },
)
