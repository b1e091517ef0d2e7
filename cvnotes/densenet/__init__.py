"""DenseNet: what dense connectivity is, costs and keeps, and what trained nets do with it."""
