"""Why did a net say what it said: what explanations are for, class activation maps, axioms, paths and baselines.

Chapters: interpretability, class_activation_maps, integrated_gradients, baselines. What needs Keras is imported by
the modules that need it: ``from cvnotes.interpretability import patients``.
"""
