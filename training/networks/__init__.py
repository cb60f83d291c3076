"""The networks that training.train knows, a module each."""
