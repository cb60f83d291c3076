"""Models that one trains oneself: what mixes, trains, judges and exports them. A stage reads only their ONNX files."""
