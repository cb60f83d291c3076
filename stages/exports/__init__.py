"""The corpus in the layouts that trainers read: one module per format, each with `write(clips, out)`."""
