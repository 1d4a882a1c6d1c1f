"""The Python side of the torch engine: takes steps that the trainer asks for over a private channel."""
