"""Models that one trains oneself; the pipeline reads nothing of it but the ONNX files that are made here."""
