"""Why ConvNets, and what they learn: the room of the chapters introduction, why_convolution and learned_features."""
