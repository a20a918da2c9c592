"""What a user can set right about a training run."""


class TrainingError(ValueError):
    """A run cannot start or go on as asked; the message says what to change."""
