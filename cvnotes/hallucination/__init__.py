"""Nets that paint: DeepDream, and neural style transfer. Pages: hallucination and style_transfer."""
