"""Tone: how a voice speaks in a clip. Descriptors of the sound, held against the same speaker's other clips."""
